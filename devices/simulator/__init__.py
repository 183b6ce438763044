"""Invented campuses that speak real MQTT, and the load generator."""
