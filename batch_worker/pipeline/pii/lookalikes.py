"""Words that look like a name and are none, and names that are words too; as data, lower case."""

import re

from batch_worker.pipeline.itn.lexicon import words
from batch_worker.pipeline.pii.towns import TOWNS

TITLED_PLACES = words("sankt sankta st saint san santa santo são")
"""A name behind these is a church's, a hospital's, a town's; `St.` ends no sentence."""
NAMED_THINGS = words("stormen orkanen cyklonen fartyget färjan ubåten kvarteret")
"""A name right behind these is a storm's, a ship's, a block's."""
HOLIDAYS = words("valborg lucia")
WHEN = words("på till under efter före vid kring runt innan")
"""Before a holiday these say when."""
PLACE_WORDS = re.compile(
    r"(?:barn|ögon|regions?|läns|universitets)?(?:sjukhus|sjukhuset|lasarett|kyrka|kyrkan|kapell|församling|gymnasium|"
    r"gymnasiet|universitet|högskola|museum|kyrkogård|stiftelse|minnesfond|hospital|university|church)"
)
"""A name right before one of these is that of the place, the fund or the illness."""
TRADES = re.compile(
    r"(?:bygg|el|rör|vvs|plåt|tak|måleri|målerier|bil|bilar|åkeri|buss|taxi|bageri|konditori|livs|mat|kött|fisk|blommor|"
    r"städ|transport|tvätt|trädgård|trädgårdar|schakt|betong|glas|mekaniska|verkstad|snickeri|möbler|foto|optik|ur|"
    r"guld|musik|cykel|motor|däck|skrot|skor|järn|kakel|golv|fönster|redovisning|fastigheter|fastighets|begravningsbyrå|"
    r"trafikskola|hudvård|frisör|salong|förlag|tryckeri|group|sons|söner|handels|kiosk|grill|pizzeria|ab|hb)"
)
"""A family name in the genitive right before one of these, capitalised, is a firm's: `Anderssons Bygg`."""
PLACE_WORDS_OF_FULL_NAMES = re.compile(
    r"gata|gatan|väg|vägen|torg|plats|plan|park|parken|allé|gränd|backe|stig|skola|skolan|förskola|hus|minne|arena|bro"
)
"""The same, where the name has two words or more: `Lisas hus` is no place, `Olof Palmes hus` is one."""
STREET = re.compile(
    r".{2,}(?:gatan|gata|vägen|gränd|stigen|torget|torg|allén|backen|plan|kajen|leden|esplanaden|plats)s?"
)
"""A word that ends so is a street's."""

FIRMS = words(
    "advokatfirman advokatbyrån firman företaget bolaget byrån koncernen varumärket märket butiken affären kedjan "
    "hotell hotellet hotel restaurang restaurangen café caféet krogen bageriet förlaget galleri galleriet apoteket "
    "tidningen musikalen filmen boken romanen serien skolan gymnasiet förskolan stadion arena fartyget färjan båten "
    "stormen orkanen"
)
"""Behind these stands the name of a firm or a work."""
KNOWN_FIRMS = words("ericsson ericssons philips dell samsonite")
"""Family names that, alone, are firms."""
KNOWN_WHOLE = frozenset({
    "clas ohlson", "kalle anka", "mamma mia", "calvin klein", "tommy hilfiger", "hugo boss", "louis vuitton",
    "max burgers", "marc jacobs", "michael kors", "ralph lauren", "philip morris", "morgan stanley", "eli lilly",
    "mary kay", "nils holgersson", "pippi långstrump", "karl johan", "real madrid", "hong kong", "harry potter",
    "james bond", "peter pan", "ernst young", "kjell company", "anders petter", "lars monsén", "alfons åberg",
    "ingrid marie", "cox orange", "svea rike", "moder svea", "nobel biocare", "oscar jacobson",
})  # fmt: skip
"""Full names of firms, figures and places."""

ORGANISATIONS = words(
    "försäkringskassan skatteverket arbetsförmedlingen migrationsverket kronofogden trafikverket transportstyrelsen "
    "csn polisen socialtjänsten kommunen regionen vårdcentralen folktandvården landstinget riksdagen regeringen "
    "skolverket telia tele2 telenor comhem halebop comviq vimla ikea volvo saab scania ericsson spotify klarna swish "
    "google apple microsoft amazon facebook meta instagram netflix youtube twitter tiktok linkedin skype zoom teams "
    "outlook excel word windows android iphone ipad mac linux samsung nokia sony philips bosch siemens electrolux "
    "husqvarna swedbank nordea handelsbanken skandia folksam länsförsäkringar moderna trygg avanza nordnet postnord "
    "dhl schenker bring ups fedex vattenfall eon fortum ellevio elgiganten mediamarkt netonnet webhallen willys "
    "hemköp coop lidl citygross apotea kronans apoteket systembolaget bankid bolaget biltema jula bauhaus hornbach "
    "byggmax åhléns lindex kappahl gina zalando blocket hemnet booli tradera aftonbladet expressen tesla toyota audi "
    "mercedes skoda kia renault peugeot ford opel mazda honda hyundai nissan seat fiat unionen kommunal vision "
    "akademikerförbundet röda rädda barnen securitas falck samhall skanska peab ncc jm hsb riksbyggen"
)
ORGANISATION_ENDINGS = (
    "verket", "kassan", "banken", "kommun", "bolaget", "tjänsten", "byrån", "gruppen", "nämnden", "styrelsen",
    "inspektionen", "myndigheten", "sjukhuset", "skolan", "förbundet", "domstolen", "rätten", "huset", "centralen",
    "kliniken", "enheten", "föreningen", "förvaltningen", "avdelningen", "mottagningen", "supporten", "kontoret",
    "receptionen", "växeln", "tjänst", "service", "ansvarig", "försäkringar", "bank", "akuten", "vården", "partiet",
    "demokraterna", "telefonsvarare", "kanalen", "radion", "tidningen", "bladet",
)  # fmt: skip
"""How names of offices, firms and departments end."""

NEVER = words(
    "det den de jag du han hon vi ni man en ett och men när hur vad vem var här där tack hej enligt doktor herr fru "
    "fröken patienten januari februari mars april maj juni juli augusti september oktober november december måndag "
    "tisdag onsdag torsdag fredag lördag söndag stockholm göteborg malmö uppsala sverige svenska i på av till från "
    "med för om att inte som så nu då ja nej ok okej mitt min mina vår vårt våra ert din ditt dr mr mrs ab hälsningar "
    "dagens god goda bra kanske också bara kommer får har ska kan vill var är blir blev ring mejla skriv fråga hör "
    "ingen ingenting något någon alla allt båda lite mycket inget vart ringde rum spår linje buss tåg avdelning finns "
    "this jeans alias minnas los utan eller vid under över hos mot den sin sitt sina ber hb kb hela varje sverige "
    "sveriges svensk svenskt norge norsk norska danmark dansk danska finland finsk finska tyskland tysk tyska england "
    "engelsk engelska europa usa eu region regionen kommun landet the a an is and or on in at to of for with my your "
    "our monday tuesday wednesday thursday friday saturday sunday january february march june july august october "
    "swedish english german american british röda gröna blå svarta vita stora lilla gamla nya norra södra västra "
    "östra övre nedre nordiska united new real club international support service group center centrum sveavägen bank "
    "hotell hotel café restaurang skåne halland småland blekinge öland gotland östergötland västergötland dalsland "
    "bohuslän värmland närke södermanland sörmland uppland västmanland dalarna gästrikland hälsingland medelpad "
    "ångermanland jämtland härjedalen västerbotten norrbotten lappland norrland götaland svealand london paris berlin "
    "oslo köpenhamn helsingfors kundtjänst kundservice reception växel nummer motors electric gud jul julen påsk "
    "påsken midsommar internet utsikten bankid covid corona"
) | ({town.casefold() for town in TOWNS} - {"vilhelmina", "falkenberg"})
"""Capitalised or not, these are no part of a name."""
MONTHS = words("maj juni juli april augusti may june")
"""Names of these are heard after a cue or before a family name: `Maj Lindgren`."""

ALSO_WORDS = words(
    "bo per dag maj love iris rosa juni siv sture max tim dan gun nova saga urban frank said milan chen stella moa "
    "tore tor stig ted alma inga hana aya wei karl björn hans kaj sten rut liv lo linnea linnéa "
    "klara sanna bror ville tuva jack lova viola lilja ester kim harry vilja ängla klas linn line tom lage loke "
    "svea freja runa jarl marina marin bella lotta pelle stina folke felix sally penny rita mark bill "
    "grace rex roman roy ray pat dean jay alba aurora edit vy rim rand ruta roar lan mate hung tan tone nada rama "
    "yang ying lin tam lev ante lida rasa hala ladan lama hejar hakan firas ramla bob neo robin nick glen joy rose "
    "ruby lily fred alan finn kai sari satu rein onni urho ming ning hui jing jie tao guo lei shan rong hua peng juan "
    "jia palle truls lam tri quan tien vinh hue duy iman aman nasim siri disa august lykke "
    "git mila bas lotten vide masse alvar"
)
"""Given names that are words too: alone at the beginning of a sentence they count only before what people do."""

DEEDS = words(
    "ringde ringer sa sade säger svarade svarar frågade frågar undrar undrade berättade berättar tycker tyckte tror "
    "trodde vill bad ber hälsar hälsade skrev skriver mejlade mejlar lovade lovar jobbar jobbade arbetar bor bodde "
    "heter fyller pratade pratar talar talade hämtade hämtar skickade skickar bokade köpte betalade åkte glömde minns "
    "vet visste behöver saknar mår said says asked called wants told thinks lives works"
)
"""What people do: the word before is a name though it may be a word."""
SOMEBODY = words("jag du han hon vi ni de min mitt mina hans hennes")
"""Who `… och jag` may have for company: a person."""
NOT_LONE = words("norrström wallander")
"""What ends as lone family names do and is a stream or a figure."""
HAVING = words("har hade är var kommer ska skulle vill kan kunde får fick måste blev blir menar meddelade uppgav")
"""What a person at the beginning of a sentence is said to do besides."""
NOT_HANS = SOMEBODY | words("alltid aldrig gått varit trasig trasiga fel slutat")
"""Behind `Hans har` these make it his: `Hans har jag`, `Hans har alltid varit bättre`."""
LEADING = words("nguyen tran pham huynh hoang phan dang bui duong wang zhang liu chen huang zhao zhou xu choi jung")
"""Family names that stand first."""
LETTERED = words("plan typ typen grupp gruppen hus vitamin hepatit betyg betyget klass block uppgång trappa port")
"""What has a letter: `plan B`."""
CITY_LIKE = words(
    "lund berg lind dahl falk holm ek borg palm malm lilja stark modig hill hall young king green scott brown ali "
    "blom alm fors sköld svärd stål rask frisk ström björk ljung"
)
"""Family names that are words or towns."""
PARTICLES = words("von af de la van der den bin al el del della di du dos da ibn abu ten ter zu zur")
"""Small words inside a name."""
