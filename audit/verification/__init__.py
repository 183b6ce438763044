"""Verifications: tests of devices and links with their steps and evidence."""
