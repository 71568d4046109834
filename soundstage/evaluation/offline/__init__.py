"""What is measured on the sound itself, without any weights, so that it can be measured anywhere."""
