"""What is wrong with an installation, in words: looks at the machine, judges, says what to do."""
