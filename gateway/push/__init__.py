"""Alerts on people's own devices by Web Push: encrypted for one browser, through its maker."""
