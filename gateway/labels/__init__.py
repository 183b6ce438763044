"""Labels for devices: what their QR code says, and sheets of them to print."""
