"""Moving history in: `flask incidents import`."""
