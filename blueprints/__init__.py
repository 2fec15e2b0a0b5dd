"""HTTP, one folder per room. A view makes three moves: load with permission, one domain call, render."""
