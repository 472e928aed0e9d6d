"""Where rows go, one module each."""
