"""The venue itself: prices, accounts, orders, margin and liquidation in exact decimals; knows no wire and no clock."""
