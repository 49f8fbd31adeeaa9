"""Towns of Sweden, as data: no names of people, and what a postcode of five digits in one piece stands before."""

from batch_worker.pipeline.itn.lexicon import words

TOWNS = words(
    "Alingsås Alvesta Aneby Arboga Arjeplog Arvidsjaur Arvika Askersund Avesta Bengtsfors Bjurholm Bjuv Boden "
    "Bollebygd Bollnäs Borgholm Borlänge Borås Botkyrka Boxholm Bromölla Bräcke Burlöv Båstad Charlottenberg "
    "Degerfors Dorotea Eda Eksjö Emmaboda Enköping Eskilstuna Eslöv Essunga Fagersta Falkenberg Falköping Falun "
    "Filipstad Finspång Flen Forshaga Färgelanda Gagnef Gislaved Gnesta Gnosjö Grums Gränna Grästorp Gullspång "
    "Gällivare Gävle Göteborg Götene Habo Hagfors Hallsberg Hallstahammar Halmstad Hammarö Haninge Haparanda Heby "
    "Hedemora Helsingborg Herrljunga Hjo Hofors Huddinge Hudiksvall Hultsfred Hylte Härnösand Härryda Hässleholm "
    "Höganäs Högsby Hörby Höör Jokkmokk Järfälla Jönköping Kalix Kalmar Karlsborg Karlshamn Karlskoga Karlskrona "
    "Karlstad Katrineholm Kinna Kiruna Klippan Knivsta Kramfors Kristianstad Kristinehamn Krokom Kumla Kungsbacka "
    "Kungsör Kungälv Kävlinge Köping Laholm Landskrona Laxå Leksand Lerum Lessebo Lidingö Lidköping Lindesberg "
    "Linköping Ljungby Ljusdal Lomma Ludvika Luleå Lycksele Lysekil Malmö Malung Mariefred Mariestad Marstrand "
    "Mellerud Mjölby Motala Mullsjö Munkedal Munkfors Mölndal Mönsterås Mörbylånga Nacka Norrköping Norrtälje Nybro "
    "Nyköping Nynäshamn Nässjö Ockelbo Olofström Osby Oskarshamn Ovanåker Oxelösund Pajala Partille Perstorp Piteå "
    "Ronneby Rättvik Sandviken Sigtuna Simrishamn Sjöbo Skara Skellefteå Skinnskatteberg Skurup Skövde Smedjebacken "
    "Sollefteå Sollentuna Solna Sorsele Sotenäs Staffanstorp Stenungsund Stockholm Storfors Storuman Strängnäs "
    "Strömstad Strömsund Sundbyberg Sundsvall Sunne Surahammar Svalöv Svedala Svenljunga Säffle Säter Sävsjö "
    "Söderhamn Söderköping Södertälje Sölvesborg Tanum Tibro Tidaholm Tierp Timrå Tingsryd Tjörn Tomelilla Torsby "
    "Torsås Tranemo Tranås Trelleborg Trollhättan Trosa Tyresö Täby Töreboda Uddevalla Ulricehamn Umeå Uppsala "
    "Uppvidinge Vadstena Vaggeryd Valdemarsvik Vallentuna Vansbro Vara Varberg Vaxholm Vellinge Vetlanda Vilhelmina "
    "Vimmerby Vindeln Vingåker Visby Vårgårda Vänersborg Vännäs Värmdö Värnamo Västervik Västerås Växjö Ystad Åmål "
    "Ånge Åre Årjäng Åsele Åstorp Åtvidaberg Älmhult Älvdalen Älvkarleby Älvsbyn Ängelholm Öckerö Ödeshög Örebro "
    "Örkelljunga Örnsköldsvik Östersund Österåker Östhammar Övertorneå"
)
"""Seats of the municipalities, one word each."""

FIRST_OF_TWO = words(
    "Upplands Västra Östra Norra Södra Lilla Stora Sankt Gamla Nya Övre Malå Ed Kil Sala Mora Nora Lund"
)
"""How towns of two words begin, and towns whose name is a word or a person's too."""

ENDINGS = words(
    "red köping stad borg hamn sund svik vik torp ås näs sjö åker berga boda fors hammar holm hult löv länge mark rum "
    "sala skoga sta tälje tuna vall by dal ryd lösa storp lanna ene inge"
)
"""How names of smaller places end."""
