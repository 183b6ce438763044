"""What is out there: the model, the dialects devices speak, the probes, the simulator."""
