"""What is wrong and who must know: rules, life cycle, escalation, notification."""
