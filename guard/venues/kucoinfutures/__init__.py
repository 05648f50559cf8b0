"""KuCoin futures: classic cross accounts computed, unified accounts as the venue reports them."""
