"""Transit: shipments under seal that cross a territory on a prescribed route."""
