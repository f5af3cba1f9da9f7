"""What the vendor posts to us: CDR notifications and pop-up requests, each behind an address that is the secret."""
