"""Classes of the penny interval program: options that trade in cents below $3 and in five cents from there.

Data as of ``AS_OF``, *assumed*: from memory of public figures and no copy of an exchange's list. The program has some
400 classes, the most active ones by the volume cleared, and is reviewed every April. These are the classes that a
trader of index funds and large names meets; the rule ``fills.penny_program`` replaces the table.
"""

from __future__ import annotations

AS_OF = "2025-01"
"""Year and month of the table."""

_NAMES = """\
ARKK BITO DIA EEM EFA EWJ EWZ FXI GDX GDXJ GLD HYG IBIT IYR KRE KWEB LQD SLV SMH SOXL SOXS SQQQ TLT
TNA TQQQ TZA UNG USO UVXY VXX XBI XHB XLB XLE XLF XLI XLK XLP XLU XLV XLY XOP XRT AAL AAPL ABBV ABNB
ADBE AFRM AMAT AMC AMD AMGN AMZN AVGO AXP BA BABA BAC BIDU BMY C CAT CCL CLF CMCSA COIN COP COST CRM
CRWD CSCO CVNA CVS CVX DAL DE DIS DKNG DVN EBAY ENPH F FCX FDX FSLR GE GILD GM GME GOOG GOOGL GS HAL
HD HOOD IBM INTC JD JNJ JPM KO LCID LLY LOW LULU LUV LVS LYFT M MA MARA MCD META MGM MO MRK MRNA
MRVL MS MSFT MSTR MU NCLH NFLX NIO NKE NVDA ORCL OXY PANW PBR PDD PEP PFE PG PINS PLTR PLUG PTON
PYPL QCOM RBLX RCL RIOT RIVN ROKU SBUX SHOP SNAP SNOW SOFI T TGT TSLA TSM TXN UAL UBER UNH UPS V
VALE VZ WFC WMT WYNN XOM ZM
"""
CLASSES: tuple[str, ...] = tuple(_NAMES.split())
