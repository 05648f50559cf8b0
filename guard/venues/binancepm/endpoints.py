"""The requests that are made of Binance's portfolio margin. Tables only."""

from __future__ import annotations

from guard.venues.client import Endpoint

TIME = Endpoint("fapiPublicGetTime", "binancepm GET fapi/v1/time", signed=False)
MARKETS = Endpoint("fetch_markets", "binancepm GET exchangeInfo", signed=False)
ACCOUNT = Endpoint("papiGetAccount", "binancepm GET papi/v1/account")
BALANCES = Endpoint("papiGetBalance", "binancepm GET papi/v1/balance")
INDEX_PRICES = Endpoint("sapiGetPortfolioAssetIndexPrice", "binancepm GET sapi/v1/portfolio/asset-index-price")
COLLATERAL_RATES = Endpoint("sapiGetPortfolioCollateralRate", "binancepm GET sapi/v1/portfolio/collateralRate")
LOAN_LEVERAGES = Endpoint(
    "sapiGetPortfolioMarginAssetLeverage", "binancepm GET sapi/v1/portfolio/margin-asset-leverage"
)
RIGHTS = Endpoint("sapiGetAccountApiRestrictions", "binancepm GET sapi/v1/account/apiRestrictions")

UM_ACCOUNT = Endpoint("papiV2GetUmAccount", "binancepm GET papi/v2/um/account")
UM_POSITIONS = Endpoint("papiGetUmPositionRisk", "binancepm GET papi/v1/um/positionRisk")
UM_OPEN_ORDERS = Endpoint("papiGetUmOpenOrders", "binancepm GET papi/v1/um/openOrders")
UM_WAITING_ORDERS = Endpoint("papiGetUmAlgoOpenAlgoOrders", "binancepm GET papi/v1/um/algo/openAlgoOrders")
UM_BRACKETS = Endpoint("papiGetUmLeverageBracket", "binancepm GET papi/v1/um/leverageBracket")
UM_POSITION_MODE = Endpoint("papiGetUmPositionSideDual", "binancepm GET papi/v1/um/positionSide/dual")
UM_SYMBOL_CONFIG = Endpoint("papiGetUmSymbolConfig", "binancepm GET papi/v1/um/symbolConfig")
UM_MARKS = Endpoint("fapiPublicGetPremiumIndex", "binancepm GET fapi/v1/premiumIndex", signed=False)
UM_FUNDING_INFO = Endpoint("fapiPublicGetFundingInfo", "binancepm GET fapi/v1/fundingInfo", signed=False)
UM_DEPTH = Endpoint("fapiPublicGetDepth", "binancepm GET fapi/v1/depth", signed=False)
UM_NEW_ORDER = Endpoint("papiPostUmOrder", "binancepm POST papi/v1/um/order")
UM_QUERY_ORDER = Endpoint("papiGetUmOrder", "binancepm GET papi/v1/um/order")
UM_CANCEL_ORDER = Endpoint("papiDeleteUmOrder", "binancepm DELETE papi/v1/um/order")

CM_ACCOUNT = Endpoint("papiGetCmAccount", "binancepm GET papi/v1/cm/account")
CM_POSITIONS = Endpoint("papiGetCmPositionRisk", "binancepm GET papi/v1/cm/positionRisk")
CM_OPEN_ORDERS = Endpoint("papiGetCmOpenOrders", "binancepm GET papi/v1/cm/openOrders")
CM_WAITING_ORDERS = Endpoint("papiGetCmConditionalOpenOrders", "binancepm GET papi/v1/cm/conditional/openOrders")
CM_BRACKETS = Endpoint("papiGetCmLeverageBracket", "binancepm GET papi/v1/cm/leverageBracket")
CM_POSITION_MODE = Endpoint("papiGetCmPositionSideDual", "binancepm GET papi/v1/cm/positionSide/dual")
CM_MARKS = Endpoint("dapiPublicGetPremiumIndex", "binancepm GET dapi/v1/premiumIndex", signed=False)
CM_FUNDING_INFO = Endpoint("dapiPublicGetFundingInfo", "binancepm GET dapi/v1/fundingInfo", signed=False)
CM_DEPTH = Endpoint("dapiPublicGetDepth", "binancepm GET dapi/v1/depth", signed=False)
CM_NEW_ORDER = Endpoint("papiPostCmOrder", "binancepm POST papi/v1/cm/order")
CM_QUERY_ORDER = Endpoint("papiGetCmOrder", "binancepm GET papi/v1/cm/order")
CM_CANCEL_ORDER = Endpoint("papiDeleteCmOrder", "binancepm DELETE papi/v1/cm/order")

WEIGHT_PER_MINUTE = 2_400
"""In ccxt's cost units, which count lists of orders in full and the rest at a fifth: below 5,400 of the 6,000 that the
venue allows an address in a minute."""
