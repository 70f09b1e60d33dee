"""What tools/site.py puts together: the sources of the website, and the check of what was built."""
