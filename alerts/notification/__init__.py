"""How an alert reaches people and other machines outside the page."""
