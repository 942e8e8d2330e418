"""Made-up athletes and exercises in Fit3D's on-disk format: nothing here is recorded data."""
