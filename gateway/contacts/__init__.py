"""Contacts of schools: whom to telephone, and how the lists come in from files."""
