"""The broker of one campus: a supervised Mosquitto, its configuration and who may say what."""
