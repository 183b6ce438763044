"""What is switched on behind a meter, told from the total of its feeder: steps, loads, kinds."""
