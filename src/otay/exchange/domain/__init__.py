"""What two nodes say to each other and how each is checked: pure, without database, network or clock."""
