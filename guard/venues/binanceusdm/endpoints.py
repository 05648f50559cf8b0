"""The requests that are made of Binance USD-M. Tables only."""

from __future__ import annotations

from guard.venues.client import Endpoint

TIME = Endpoint("fapiPublicGetTime", "binanceusdm GET fapi/v1/time", signed=False)
DEPTH = Endpoint("fapiPublicGetDepth", "binanceusdm GET fapi/v1/depth", signed=False)
MARKS = Endpoint("fapiPublicGetPremiumIndex", "binanceusdm GET fapi/v1/premiumIndex", signed=False)
FUNDING_INFO = Endpoint("fapiPublicGetFundingInfo", "binanceusdm GET fapi/v1/fundingInfo", signed=False)
ASSET_INDEX = Endpoint("fapiPublicGetAssetIndex", "binanceusdm GET fapi/v1/assetIndex", signed=False)
MARKETS = Endpoint("fetch_markets", "binanceusdm GET fapi/v1/exchangeInfo", signed=False)
ACCOUNT = Endpoint("fapiPrivateV3GetAccount", "binanceusdm GET fapi/v3/account", weight=5)
POSITIONS = Endpoint("fapiPrivateV3GetPositionRisk", "binanceusdm GET fapi/v3/positionRisk", weight=5)
OPEN_ORDERS = Endpoint("fapiPrivateGetOpenOrders", "binanceusdm GET fapi/v1/openOrders")
OPEN_ALGO_ORDERS = Endpoint("fapiPrivateGetOpenAlgoOrders", "binanceusdm GET fapi/v1/openAlgoOrders")
BRACKETS = Endpoint("fapiPrivateGetLeverageBracket", "binanceusdm GET fapi/v1/leverageBracket")
SYMBOL_CONFIG = Endpoint("fapiPrivateGetSymbolConfig", "binanceusdm GET fapi/v1/symbolConfig")
# Both modes for a weight of 5; the requests that tell one each cost 30.
ACCOUNT_CONFIG = Endpoint("fapiPrivateGetAccountConfig", "binanceusdm GET fapi/v1/accountConfig")
RIGHTS = Endpoint("sapiGetAccountApiRestrictions", "binanceusdm GET sapi/v1/account/apiRestrictions")
NEW_ORDER = Endpoint("fapiPrivatePostOrder", "binanceusdm POST fapi/v1/order")
QUERY_ORDER = Endpoint("fapiPrivateGetOrder", "binanceusdm GET fapi/v1/order")
CANCEL_ORDER = Endpoint("fapiPrivateDeleteOrder", "binanceusdm DELETE fapi/v1/order")
