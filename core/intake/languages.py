"""Words of a trade in other languages, each with the English words that the rest of intake knows."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WORDS: Final = (
    # English words, the same in Spanish, Portuguese, German, French, Italian, Dutch, Polish, Turkish, Russian
    ("BUY", "comprar compra kaufen kauf acheter achat acquistare acquisto compri kopen koop kup kupno satinal "
            "купить покупка покупать"),
    ("SELL", "vender venta venda verkaufen verkauf vendre vente vendere vendita vendi verkopen verkoop sprzedaj "
             "sprzedaz продать продажа продавать"),
    ("LONG", "largo largos compradora comprado лонг лонга"),
    ("SHORT", "corto cortos vendido leerverkauf шорт шорта"),
    ("CLOSE", "cerrar cierre cerrado cerrada cierra fechar fechamento fechado feche encerrar encerrado zerar zerado "
              "schliessen schliesse geschlossen "
              "schliessung fermer fermeture ferme cloture cloturer chiudi chiudere chiusura chiuso sluiten gesloten "
              "zamknij zamkniecie kapat kapandi kapanis закрыть закрытие закрыт закрыта закрывать"),
    ("EXIT", "salir salida saida sair ausstieg aussteigen ausgang glattstellen glattstellung verlassen sortir sortie "
             "uscita uscire uitstappen wyjscie cikis выход выйти"),
    ("ENTRY", "entrada entrar einstieg einsteigen entree entrer entrata entrare instappen wejscie giris вход войти"),
    ("OPEN", "abrir abierto apertura eroffnen ouvrir aprire открыть открытие"),
    ("REDUCE", "reducir reduzir reduzieren reduire ridurre parcial parziale partiel teilverkauf сократить"),
    ("CANCEL", "cancelar anular stornieren annuler annullare отменить отмена"),
    ("TAKEPROFIT", "gewinnmitnahme tejkprofit тейк"),
    ("STOPLOSS", "perdida стоп стоплосс"),
    ("POSITION", "posicion posicao posizione positie pozycja pozisyon позиция позицию позиции"),
    ("ORDER", "orden ordem ordine auftrag ordre emir ордер ордера заявка"),
)  # fmt: skip
_SIGNS: Final = (
    # Chinese, Japanese and Korean write without spaces: longer signs come first.
    ("平多单", "CLOSE LONG"), ("平空单", "CLOSE SHORT"), ("平多", "CLOSE LONG"), ("平空", "CLOSE SHORT"),
    ("平仓", "CLOSE"), ("平倉", "CLOSE"), ("清仓", "CLOSE ALL"), ("减仓", "REDUCE"), ("開多", "OPEN LONG"),
    ("开多", "OPEN LONG"), ("开空", "OPEN SHORT"), ("做多", "LONG"), ("做空", "SHORT"), ("买入", "BUY"),
    ("買入", "BUY"), ("卖出", "SELL"), ("賣出", "SELL"), ("止损", "STOPLOSS"), ("止盈", "TAKEPROFIT"),
    ("多单", "LONG"), ("空单", "SHORT"), ("出场", "EXIT"), ("入场", "ENTRY"), ("撤单", "CANCEL"),
    ("決済", "CLOSE"), ("手仕舞い", "CLOSE"), ("損切り", "STOPLOSS"), ("利確", "TAKEPROFIT"), ("買い", "BUY"),
    ("売り", "SELL"), ("청산", "CLOSE"), ("매수", "BUY"), ("매도", "SELL"), ("손절", "STOPLOSS"),
    ("익절", "TAKEPROFIT"),
)  # fmt: skip
_ENGLISH: Final = {word.upper(): english for english, words in _WORDS for word in words.split()}
_LETTERS: Final = re.compile(r"[^\W\d_]+")


def in_english(text: str) -> str:
    """Return an upper-case text with the known words of other languages put into English, without accents."""
    if not text.isascii():
        for sign, english in _SIGNS:
            if sign in text:
                text = text.replace(sign, f" {english} ")
        folded = unicodedata.normalize("NFKD", text.replace("ß", "SS").replace("ı", "I"))
        text = "".join(c for c in folded if not unicodedata.combining(c)).upper()
    if _ENGLISH.keys().isdisjoint(_LETTERS.findall(text)):
        return text
    return _LETTERS.sub(lambda found: _ENGLISH.get(found[0], found[0]), text)
