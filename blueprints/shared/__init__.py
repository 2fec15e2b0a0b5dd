"""What every room needs: language, signing in, security, pages and partials, words, times, errors, live topics."""
