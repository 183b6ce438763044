"""What proves that nothing is lost: devices that know what they said, faults, and the audit."""
