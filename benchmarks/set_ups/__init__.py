"""Set-ups for the doctor: servers, frameworks and products that are really run, broken on purpose or healthy."""
