"""The only code that opens outbound connections: per service a pure message and a small send()."""
