"""The wire of Bitget futures: classic accounts of three products, and unified accounts to be read."""
