"""What routers speak: request and answer shapes."""
