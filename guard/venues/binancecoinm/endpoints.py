"""The requests that are made of Binance COIN-M. Tables only."""

from __future__ import annotations

from guard.venues.client import Endpoint

TIME = Endpoint("dapiPublicGetTime", "binancecoinm GET dapi/v1/time", signed=False)
DEPTH = Endpoint("dapiPublicGetDepth", "binancecoinm GET dapi/v1/depth", signed=False)
MARKS = Endpoint("dapiPublicGetPremiumIndex", "binancecoinm GET dapi/v1/premiumIndex", signed=False)
FUNDING_INFO = Endpoint("dapiPublicGetFundingInfo", "binancecoinm GET dapi/v1/fundingInfo", signed=False)
MARKETS = Endpoint("fetch_markets", "binancecoinm GET dapi/v1/exchangeInfo", signed=False)
ACCOUNT = Endpoint("dapiPrivateGetAccount", "binancecoinm GET dapi/v1/account")
POSITIONS = Endpoint("dapiPrivateGetPositionRisk", "binancecoinm GET dapi/v1/positionRisk")
OPEN_ORDERS = Endpoint("dapiPrivateGetOpenOrders", "binancecoinm GET dapi/v1/openOrders", weight=40)
OPEN_ALGO_ORDERS = Endpoint("dapiPrivateGetOpenAlgoOrders", "binancecoinm GET dapi/v1/openAlgoOrders")
BRACKETS = Endpoint("dapiPrivateV2GetLeverageBracket", "binancecoinm GET dapi/v2/leverageBracket")
POSITION_MODE = Endpoint("dapiPrivateGetPositionSideDual", "binancecoinm GET dapi/v1/positionSide/dual")
RIGHTS = Endpoint("sapiGetAccountApiRestrictions", "binancecoinm GET sapi/v1/account/apiRestrictions")
NEW_ORDER = Endpoint("dapiPrivatePostOrder", "binancecoinm POST dapi/v1/order")
QUERY_ORDER = Endpoint("dapiPrivateGetOrder", "binancecoinm GET dapi/v1/order")
CANCEL_ORDER = Endpoint("dapiPrivateDeleteOrder", "binancecoinm DELETE dapi/v1/order")
