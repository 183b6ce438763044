"""Whether a camera's picture is good: what one look at it gives, what is measured, what follows."""
