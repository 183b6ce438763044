"""Campaigns and reports of the running gateway: templates, progress, what a week came to."""
