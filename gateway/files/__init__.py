"""Files that people attach to prove something: looked at before they are kept, named by hash."""
