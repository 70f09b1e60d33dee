"""The checks of the lessons' exercises."""
