// The shapes of the HTTP interface under the names the page uses, from the gateway's own OpenAPI
// document (`build_hook.py types`).
import type { components } from "@/api/schema";

type Shapes = components["schemas"];

export type Items<Item> = { items: Item[] };
export type Page<Item> = { items: Item[]; next?: string | null };
export type Names = Shapes["Names"];
export type Scalar = boolean | number | string | null;

export type Session = Shapes["SessionOut"];
export type Role = Shapes["Role"];
export type User = Shapes["UserOut"];
export type UserChanged = Shapes["UserChangedOut"];
export type Token = Shapes["TokenOut"];
export type NewToken = Shapes["NewTokenOut"];

export type Feed = Shapes["FeedOut"];
export type Counts = Shapes["CountsOut"];
export type Overview = Shapes["OverviewOut"];
export type SchoolOverview = Shapes["SchoolOverviewOut"];
export type Tally = Shapes["TallyOut"];
export type Summary = Shapes["SummaryOut"];
export type FeedFrame = Shapes["LiveFeedOut"];
export type HeldPress = Shapes["HeldPressOut"];
export type StreamEntry = Shapes["LiveAlertOut"];

export type PriorityName = keyof Counts;
export type AlertState = Shapes["AlertState"];
export type Alert = Shapes["AlertOut"];
export type Transition = Shapes["TransitionOut"];
export type AlertDetail = Shapes["AlertDetailOut"];
/** The camera nearest to an alert, with its newest picture. */
export type AlertCamera = Shapes["AlertCameraOut"];
export type ActionName = Action["action"];
export type Acted = Shapes["ActedOut"];
/** What is sent to do the same to several alerts, and what came of it for each. */
export type Together = Shapes["TogetherIn"];
export type EachActed = Shapes["EachActedOut"];

/** What is sent to do something to an alert. */
export type Action =
  | Shapes["AcknowledgeIn"]
  | Shapes["CommentIn"]
  | Shapes["AssignIn"]
  | Shapes["ShelveIn"]
  | Shapes["UnshelveIn"]
  | Shapes["ResetIn"]
  | Shapes["MarkFalseIn"]
  | Shapes["ConfirmFalseIn"];

/** What is done by the response plan; asked for in its own place, not among the acts. */
export type Tick = Shapes["TickIn"];
export type Tell = Shapes["TellIn"];
export type PlanStep = Shapes["PlanStepOut"];
export type ReportDue = Shapes["ReportDueOut"];
export type Contact = Shapes["ContactOut"];
export type Contacts = Shapes["ContactsOut"];
export type ContactsImported = Shapes["ContactsImportedOut"];

export type RecordingStatus = Shapes["Status"];
export type Recording = Shapes["RecordingOut"];
export type RecordingDay = Shapes["RecordingDayOut"];
export type RecordingDetail = Shapes["RecordingDetailOut"];
export type RecordingTotals = Shapes["RecordingTotalsOut"];
export type Recordings = Shapes["RecordingsOut"];
export type Recorder = Shapes["RecorderOut"];
/** What a recorder tells of its channels, and on what its link to the police rests. */
export type VideoRecorder = Shapes["VideoRecorderOut"];
export type Gates = Shapes["GatesOut"];
export type Gate = Shapes["GateOut"];
export type GateCamera = Shapes["GateCameraOut"];

export type Feeder = Shapes["FeederOut"];
export type Stand = Feeder["state"];
export type Feeders = Shapes["FeedersOut"];

export type FireRoom = Shapes["FireRoomOut"];
export type FireRooms = Shapes["FireRoomsOut"];
export type FireRoomDetail = Shapes["FireRoomDetailOut"];
export type FireTurn = Shapes["FireTurnOut"];
export type Detector = Shapes["DetectorOut"];

export type Camera = Shapes["CameraOut"];
export type CameraState = Camera["state"];
export type CameraFault = Shapes["CameraFaultOut"];
export type CameraTotals = Shapes["CameraTotalsOut"];
export type Cameras = Shapes["CamerasOut"];
export type CameraDetail = Shapes["CameraDetailOut"];
export type CameraPicture = Shapes["CameraPictureOut"];
/** What a camera usually shows in one part of the day, in one light. */
export type CameraReference = Shapes["CameraReferenceOut"];

export type Region = Shapes["RegionOut"];
export type School = Shapes["SchoolOut"];
export type Place = Shapes["PlaceOut"];
export type Kind = Shapes["KindOut"];
export type Device = Shapes["DeviceOut"];
export type DeviceDetail = Shapes["DeviceDetailOut"];
export type Registration = Shapes["DeviceIn"];
/** `{rule: {parameter: value}}` */
export type RuleParameters = NonNullable<Registration["parameters"]>;
export type Figure = Shapes["FigureOut"];
/** How well the alarm system itself works. */
export type AlarmFigures = Shapes["FiguresOut"];
export type RuleFigures = Shapes["RuleFiguresOut"];
/** Stored days through today's or other figures. */
export type Replay = Shapes["ReplayOut"];
export type ReplayDetail = Shapes["ReplayDetailOut"];
export type ReplayPair = Shapes["PairOut"];
export type ReplayEpisode = Shapes["EpisodeOut"];
export type ReplayVerdict = ReplayPair["verdict"];
export type NewReplay = Shapes["ReplayIn"];
export type Diagnosis = Shapes["DiagnosisOut"];
export type Connectivity = Shapes["ConnectivityOut"];
export type Timeline = Shapes["TimelineOut"];
export type TimelineDay = Shapes["DayOut"];

export type Verification = Shapes["VerificationOut"];
export type PoliceNotice = Shapes["NoticeOut"];
export type Step = Shapes["VerificationStepOut"];
export type Exchange = Step["exchanges"][number];
export type Verdict = NonNullable<Verification["verdict"]>;

export type Curve = Shapes["CurveOut"];
export type CurvePoint = Shapes["CurvePointOut"];
/** What was recognised behind a feeder. */
export type Loads = Shapes["LoadsOut"];

/** What a scanned code or a typed id means. */
export type Found = Shapes["FoundOut"];
export type Discovery = Shapes["DiscoveryOut"];
export type Reject = Shapes["RejectOut"];
export type RejectCount = Shapes["RejectCountOut"];

export type WorkOrder = Shapes["WorkOrderOut"];
export type OrderStep = Shapes["StepOut"];
/** What is sent to do something to a work order. */
export type OrderAct =
  | Shapes["AssignOrderIn"]
  | Shapes["CommentOrderIn"]
  | Shapes["DoneOrderIn"]
  | Shapes["ReopenOrderIn"]
  | Shapes["ExtendOrderIn"]
  | Shapes["CancelOrderIn"]
  | Shapes["AcceptOrderIn"];
export type OrderAction = OrderAct["action"];

export type Flood = Shapes["FloodOut"];
export type Victim = Shapes["VictimOut"];
export type Victims = Shapes["VictimsOut"];

export type Person = Shapes["PersonOut"];
export type Shift = Shapes["ShiftOut"];
export type Team = Shapes["TeamOut"];
export type Rota = Shapes["RotaOut"];
export type HandOver = Shapes["HandOverOut"];
export type HandOverAsked = Shapes["HandOverAskedOut"];
export type Escalation = Shapes["EscalationOut"];
export type EscalationPlan = Shapes["EscalationPlanOut"];

export type Maintenance = Shapes["MaintenanceOut"];
export type MaintenanceDetail = Shapes["MaintenanceDetailOut"];
export type NewMaintenance = Shapes["MaintenanceIn"];

export type Picture = Shapes["PictureOut"];
export type Plan = Shapes["PlanOut"];
export type PlacedDevice = Shapes["PlacedDeviceOut"];
export type Position = Shapes["PositionOut"];

export type PoliceLinkCounts = Shapes["LinkCountsOut"];
export type Link = Shapes["LinkOut"];
export type LinkState = Link["state"];
export type LinkPath = Shapes["LinkPathOut"];
export type LinkDetail = Shapes["LinkDetailOut"];
export type LinkExchange = Shapes["LinkExchangeOut"];
export type AlertExchange = Shapes["AlertExchangeOut"];
export type AlertPolice = Shapes["AlertPoliceOut"];
export type AlertPoliceLink = Shapes["AlertPoliceLinkOut"];

export type Receiver = Shapes["ReceiverOut"];
export type Tested = Shapes["TestedOut"];
export type Push = Shapes["PushOut"];
export type Subscription = Shapes["SubscriptionOut"];
export type Delivery = Shapes["DeliveryOut"];
export type DeadLetter = Shapes["DeadLetterOut"];
export type Decided = Shapes["DecidedOut"];

export type DemoButton = Shapes["ButtonOut"];
export type Exercise = Shapes["ExerciseOut"];
export type ExerciseStep = Shapes["ExerciseStepOut"];
export type PlannedStep = Shapes["PlannedStepOut"];

/** What somebody states is met, with files, until when. */
export type Attestation = Shapes["AttestationOut"];
/** A statement that policies ask for, and how it stands at a school. */
export type Asked = Shapes["AskedOut"];
export type SchoolAttestations = Shapes["SchoolAttestationsOut"];
export type Drill = Shapes["DrillOut"];
export type Drills = Shapes["DrillsOut"];
export type AttachedFile = Shapes["FileOut"];

/** An entry of the hazard ledger. */
export type Hazard = Shapes["HazardOut"];
export type HazardDone = Shapes["LedgerStepOut"];
export type HazardStep = Shapes["HazardStep"];
export type HazardGrade = Shapes["Grade"];
export type HazardCounts = Shapes["HazardCountsOut"];
export type HazardIn = Shapes["HazardIn"];
export type HazardActionName = Shapes["HazardActionName"];
/** What is sent to sign or say something of an entry. */
export type HazardAct =
  | Shapes["SignHazardIn"]
  | Shapes["RegisterHazardIn"]
  | Shapes["AssessHazardIn"]
  | Shapes["MonitorHazardIn"]
  | Shapes["AcceptHazardIn"]
  | Shapes["SendBackHazardIn"]
  | Shapes["InterimHazardIn"]
  | Shapes["ExtendHazardIn"]
  | Shapes["CommentHazardIn"]
  | Shapes["LookBackHazardIn"];
export type LedgerFigures = Record<string, Shapes["LedgerFigureOut"]>;
/** A rectification notice. */
export type Notice = Shapes["RectificationOut"];
export type NoticeIn = Shapes["RectificationIn"];
export type NoticeFinding = Shapes["NoticeFindingIn"];

/** What leaves as a file: how far it is, and where it can be had. */
export type Export = Shapes["ExportOut"];
export type ExportKind = Shapes["ExportKindOut"];
export type ExportFormat = Export["format"];
export type ExportWish = Shapes["ExportIn"];

export type Campaign = Shapes["CampaignOut"];
export type CampaignForm = Campaign["form"];
export type CampaignTemplate = Shapes["CampaignTemplateOut"];
export type CampaignBegun = Shapes["FromTemplateIn"];
export type CampaignProgress = Shapes["CampaignProgressOut"];
export type CampaignTally = Shapes["CampaignTallyOut"];
export type CampaignSchool = Shapes["CampaignSchoolOut"];
export type CampaignChecks = Shapes["CampaignChecksOut"];
export type CheckLine = Shapes["CampaignCheckLineOut"];
export type DueReport = Shapes["DueReportOut"];
export type ReportDetail = Shapes["ReportDetailOut"];
export type HandedIn = Shapes["HandedInOut"];
export type SpecialReport = Shapes["SpecialReportOut"];

/** A school of the bureau's roster, connected or not. */
export type RosterEntry = Shapes["RosterEntryOut"];
export type RosterTotals = Shapes["RosterTotalsOut"];
export type SchoolKind = Shapes["SchoolKind"];
/** A bureau's list that somebody brought, and what it comes to. */
export type RosterImport = Shapes["RosterImportOut"];
export type RosterTrouble = Shapes["RosterTroubleOut"];
/** What a school must have, beside what is registered. */
export type Baseline = Shapes["BaselineOut"];
export type Need = Shapes["NeedOut"];
export type Registered = Shapes["RegisteredOut"];
export type Less = Shapes["LessOut"];

/** A fact, and its place under a signed head of the evidence log. */
export type FactProof = Shapes["FactProofOut"];
export type EvidenceHead = Shapes["HeadOut"];
export type EvidenceState = Shapes["EvidenceStateOut"];
export type EvidenceTarget = Shapes["TargetOut"];
/** What an auditor takes home. */
export type Bundle = Shapes["BundleOut"];
