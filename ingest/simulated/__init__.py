"""A country that does not exist, as a Feed: everyday life, schemes and look-alikes from a seed."""
