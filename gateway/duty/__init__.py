"""Who is on duty, and whom an alert calls that nobody takes."""
