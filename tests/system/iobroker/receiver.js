// ioBroker.sia's receiver in a process of its own: accounts as JSON in the first argument; what it
// says is one JSON object a line: {"listening": {tcp, udp}}, then {"taken": …} or {"refused": …}.
// It ends with its standard input, so that it cannot outlive the test.
"use strict";

const { sia } = require("iobroker.sia/build/lib/sia");

const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const receiver = new sia({ host: "127.0.0.1", port: 0, timeout: 20 });
receiver.setAccounts(JSON.parse(process.argv[2]));
receiver.on("sia", (message, error) => {
  if (error === undefined) {
    const { id, seq, act, data_message: event, data_extended: extended, ts } = message;
    say({ taken: { id, seq, act, event, extended, ts } });
  } else {
    say({ refused: error });
  }
});
receiver.on("error", (error) => say({ error }));

const ports = {};
const listening = (transport, socket) => () => {
  ports[transport] = socket.address().port;
  if (ports.tcp && ports.udp) {
    say({ listening: ports });
  }
};
receiver.servertcp.on("listening", listening("tcp", receiver.servertcp));
receiver.serverudp.on("listening", listening("udp", receiver.serverudp));
receiver.serverStartTCP();
receiver.serverStartUDP();

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
