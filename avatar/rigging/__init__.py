"""A merchant's photo or clip becomes a host: looked at, judged, cut out, given a face that can speak."""
