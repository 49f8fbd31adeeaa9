"""250 hand-written sentences with and without personal data; a second set, written without a look at the stage.

`sentences()` yields text and expected spans. All values are invented: personnummer with the birth numbers of test
persons, telephone numbers from the ranges kept for fiction, reserved domains and networks, published test cards.
Titles and towns are no part of a span. A name that docs say is missed (on no list and without a cue, or lower case) is
marked all the same.
"""

import re
from collections.abc import Iterator
from random import Random

KINDS = {
    "NAME": "PERSON",
    "ID": "SE_PERSONNUMMER",
    "ORG": "SE_ORGANISATIONSNUMMER",
    "TEL": "PHONE_NUMBER",
    "POST": "SE_POSTNUMMER",
    "STREET": "SE_STREET_ADDRESS",
    "BG": "SE_BANKGIRO",
    "PG": "SE_PLUSGIRO",
    "IBAN": "IBAN_CODE",
    "CARD": "CREDIT_CARD",
    "CAR": "SE_LICENSE_PLATE",
    "MAIL": "EMAIL_ADDRESS",
    "URL": "URL",
    "IP": "IP_ADDRESS",
    "MRN": "MEDICAL_RECORD",
}
"""Marks of the table, and the types that they stand for."""

MARKED = """
Hej, jag heter [NAME:Annika Sjöberg] och ringer för att boka om min tid hos sköterskan.
Mitt namn är [NAME:Mohammed Hussein], jag fick ett brev från er i förra veckan.
God morgon, det är [NAME:Lennart Öberg] som ringer om provsvaren.
Personnumret? Ja, det är [ID:850412-2386].
Då tar vi hennes födelsedata, [ID:19910723-2390], och så ditt namn tack.
Barnet har personnummer [ID:201510039868] och går i tredje klass.
Min mormor har [ID:480130-9800], hon fyller år på tisdag.
Jag ser här att [NAME:Fatima Ahmed], [ID:7712049829], har en kallelse till mammografi.
Är det här [NAME:Kerstin]? Hej, jag ringer från vårdcentralen.
Doktor [NAME:Nilsson] skrev ut en ny salva i onsdags.
Sköterskan [NAME:Samira] sa att jag skulle höra av mig om det inte gick över.
Hon har ett samordningsnummer, [ID:850472-2383], inget vanligt.
Samordningsnumret är [ID:19910783-2397] enligt Skatteverket.
Vi har fått in en remiss för [NAME:Göran Hedlund], född på fyrtiotalet.
Journalnumret är [MRN:2048817], det står högst upp.
Kan du ta fram journal nummer [MRN:5523410] åt mig?
Ringer till [NAME:Birgitta Wallin] på [TEL:070-174 06 12] och lämnar besked om operationen.
Patienten, alltså [NAME:Yusuf Abdi], ska vara fastande från midnatt.
Min man [NAME:Krzysztof] har ont i ryggen igen, han ligger bara.
Jag har pratat med [NAME:Ulla-Britt Engström] på avdelning fyra.
Hon nås på [TEL:0701740633] hela eftermiddagen.
Anhörig är dottern [NAME:Maryam Hosseini], telefon [TEL:070-174 06 41].
Receptet ska till [NAME:Tuula Virtanen], personnummer [ID:560915 9818].
Det här är [NAME:Oksana], jag ringer för min son [NAME:Dmytro].
Han sa att han hette [NAME:Bosse] och att han hade svårt att andas.
Mamma heter [NAME:Gun Lindgren] och bor på ett äldreboende.
Kallelsen gick till [STREET:Skolvägen 15], men vi har flyttat till [STREET:Ringvägen 88].
Hos tandläkaren träffade jag [NAME:Nasrin Karimi], hon var jättebra.
Det står journalnr [MRN:10382245] på remissen från [NAME:Peter Sundberg].
Personen i fråga, [NAME:Abdullahi Warsame], behöver tolk.
Det är samma patient, [ID:19630219-9838], journal [MRN:7719032].
Hon är över hundra år gammal, numret är [ID:180612+2386].
Född nittonhundranittionio, fyra sista och allt blir [ID:990508-9844].
Skriv upp [NAME:Elisabeth Holmgren] på väntelistan, tack.
The patient is called [NAME:Sarah Johnson] and she is allergic to penicillin.
My name is [NAME:Rajesh Singh] and I have an appointment at ten.
Your medical record number is [MRN:4471920], please keep it.
Ja hej, [NAME:Margareta Ljungqvist] här, jag skulle vilja avboka.
Kuratorn, hon som heter [NAME:Jasmina Hodzic], ringer upp imorgon.
Kan ni skicka svaret till [MAIL:birgitta.wallin@example.com] också?
Personnumret blir [ID:åtta tre ett ett ett ett två tre nio åtta], så var det.
Min son [NAME:Elias] har feber sedan i söndags.
Tolken [NAME:Ahmed] kommer kvart i nio.
Skicka räkningen till [NAME:Stig Ekström], [STREET:Björkvägen 21C], [POST:752 28] Uppsala.
Jag heter [NAME:Hans] och min fru heter [NAME:Maj].
Välkommen till banken, du pratar med [NAME:Josefin].
Jag ska föra över till [IBAN:SE40 5000 0000 0999 0001 0002] från mitt sparkonto.
Mottagarens konto är [IBAN:SE7080000000012345678903], stämmer det?
Det är ett norskt konto, [IBAN:NO93 8601 1117 947].
Pengarna kom från [IBAN:DE89370400440532013000] i fredags.
IBAN är [IBAN:GB29 NWBK 6016 1331 9268 19], och banken ligger i London.
Min hyra går till [IBAN:FI21 1234 5600 0007 85] sedan jag flyttade till Vasa.
Mitt kort [CARD:4111 1111 1111 1111] blev uppslukat av automaten.
Spärra [CARD:5555555555554444] omedelbart, det är stulet.
Kortnumret som står på framsidan är [CARD:4242-4242-4242-4242].
Jag har ett Amex, [CARD:3782 822463 10005], går det att använda?
Hon läste upp [CARD:5105 1051 0510 5100] i telefon för bedragaren.
Please charge my card, [CARD:4012 8888 8888 1881], for the whole amount.
Betala till bankgiro [BG:5001-0024] senast den sista.
Vårt bg är [BG:320-0458], skriv namnet i meddelandefältet.
Fakturan ska betalas till bankgironummer [BG:5123-4508].
Bankgirot är [BG:9990-0011] och OCR-numret står längst ner.
Jag satte in det på plusgiro [PG:12 34 00-4] i måndags.
Föreningens plusgiro är [PG:480100-7].
Pg [PG:60 02 00-0] eller bg [BG:7007-0073], det går lika bra.
Gåvan går till plusgirokonto [PG:9 01 23-1], tack så mycket.
Postgirot, det gamla, är [PG:83 00 77-4] fortfarande.
Bolagets orgnummer är [ORG:556001-0026] om du vill kolla.
Firman har organisationsnummer [ORG:5569001232] och är registrerad för moms.
Bostadsrättsföreningen, [ORG:769600-7777], vill byta bank.
Vi är en ideell förening med org.nr [ORG:802400-5558].
Kommunens organisationsnummer är [ORG:212000-9994].
Fakturan är ställd till [ORG:559100-2000] men det är fel bolag.
Jag vill prata med [NAME:Henrik Åkesson] på företagssidan, han känner till vårt bolag [ORG:556777-1117].
Kontot står på [NAME:Mehmet Yilmaz] och [NAME:Ayse Yilmaz] tillsammans.
Jag är god man för [NAME:Rut Svedberg], [ID:390317-9889].
Fullmakten gäller min bror [NAME:Tomasz Kowalski].
Kunden [NAME:Ljiljana Petrovic] vill höja sin kortgräns.
Den som förde över pengarna hette [NAME:Robert Lindholm], sa de.
Jag legitimerar mig med [ID:680701-9895], räcker det?
Du kan nå mig på jobbet, [TEL:08-465 004 17].
Vi tar [ID:19740926-2388] som huvudlåntagare och [ID:19831111-2398] som medlåntagare.
Jag fick ett sms från [TEL:+46 70 174 06 55], det var inte ni va?
Lån i namnet [NAME:Katarina Blomqvist] och [NAME:Ali Rahimi], fyra miljoner.
Handläggaren [NAME:Camilla Fransson] på socialtjänsten svarar inte.
Bygglovet söktes av [NAME:Roger Palm], [STREET:Södra Esplanaden 8].
Hej, jag bor på [STREET:Drottning Kristinas väg 14] och det är ingen som plogar här.
Vi har ett träd som fallit över vägen vid [STREET:Granstigen 3] i natt.
Skicka blanketten till [STREET:Rådhustorget 2], [POST:451 50] Uddevalla.
Postadressen är [POST:981 31] Kiruna.
Mejla in ansökan till [MAIL:bygglov@kommunen.example.se] så får du ett ärendenummer.
Blanketten finns på [URL:www.exempel.se/blanketter].
Gå in på [URL:https://example.org/forskola/ko] och logga in med bankid.
Soptunnan utanför [STREET:Åsgatan 40] har inte tömts på tre veckor.
Jag söker [NAME:Ann-Christin Bergström], hon jobbar på miljökontoret.
Svaret ska till [NAME:Hodan Farah], som väntar på plats i förskolan.
Kommunalrådet [NAME:Torbjörn Lundin] lovade en ny lekplats.
Växeln har nummer [TEL:0980-319 204] och öppnar åtta.
Faxen, om någon minns den, är [TEL:040-628 04 51].
Det står en bil på vår plats, [CAR:ABC 123], sedan i torsdags.
Parkeringstillståndet gäller [CAR:MLB 84A] och ingen annan bil.
Registreringsnumret är [CAR:JKP482], en grå kombi.
Hyresgästen [NAME:Johanna Ek] har sagt upp lägenheten på [STREET:Lilla Nygatan 4].
Grannen ovanpå, [NAME:Bengt Åström], spelar trummor mitt i natten.
Vi på [STREET:Olof Palmes gata 9] har inget varmvatten.
Det droppar i taket, jag bor på [STREET:Vintervägen 112 B], tredje våningen.
Nycklarna lämnades till [NAME:Zoran Jovanovic] i fredags.
Andrahandshyresgästen är [NAME:Linh Nguyen], hon studerar i Umeå.
Vaktmästaren [NAME:Kjell] har mobil [TEL:0701740688].
Flytta in den första, adressen blir [STREET:Tallbacken 6], [POST:831 40] Östersund.
Kontraktet står på [NAME:Anders] och mig.
Nya hyresgästen, [ID:940402-9804], är kreditprövad.
Fastighetsskötaren nås på [TEL:031-390 06 22] dygnet runt.
Avin ska till [NAME:Daniel Forsberg], [MAIL:d.forsberg@example.org], inte till mig.
Skadan anmäldes av [NAME:Agneta Söderberg] den fjärde.
Motparten körde en röd Volvo med skylten [CAR:XTR 607].
Försäkringen gäller bilen [CAR:DNA 15K] från och med i dag.
Jag krockade med [NAME:Amir Mohammadi], han har nummer [TEL:070-174 06 70].
Vittnet heter [NAME:Pia Hansson] och bor i Kungälv.
Ersättningen betalas ut till [NAME:Viktor Nyberg] på konto [IBAN:SE81 3000 0000 0000 7770 0111].
Olyckan hände vid [STREET:Norrtullsgatan 31], strax före åtta.
Den försäkrade är [ID:590620-9811] och skadan är på vänster knä.
Jag talade med en [NAME:Patrik] hos er i fredags, han lovade att ringa.
Skicka värderingen till [MAIL:agneta_soderberg@example.com].
Min dotter [NAME:Wilma Sandström] tappade telefonen i sjön.
Bilen, [CAR:PLO 331], är avställd sedan oktober.
Du kan logga in på datorn som har [IP:192.0.2.45].
Skrivaren svarar inte på [IP:198.51.100.7], kan du pinga den?
Loggen visar inloggningar från [IP:203.0.113.200] klockan tre i natt.
Vi har även IPv6, [IP:2001:db8::7], på samma server.
Användaren [NAME:Emelie Johansson] kommer inte in i lönesystemet.
Kontot [MAIL:emelie.johansson@exempel.se] är låst efter fem försök.
Hej, det är [NAME:Farhad] på it, du hade problem med skärmen?
Öppna [URL:http://intranat.example.com:8080/logg] i en annan webbläsare.
Jag når inte [URL:portal.example.com], bara en vit sida.
Min mejl är [MAIL:karin punkt holm snabel a exempel punkt se].
Skriv till [MAIL:support snabel a example punkt com], så svarar de inom en timme.
Återställ lösenordet för [NAME:Agnieszka Nowak] och [NAME:Joakim Bäckström].
Call me back on [TEL:+46 8 465 004 33] when the server is up.
Please reset the account of [NAME:Michael Brown], he is locked out.
Fjärrstyr datorn på [IP:192.0.2.17] och be [NAME:Sandra Lindqvist] starta om.
You can reach [NAME:Emily Clark] at [MAIL:emily.clark@example.org].
Paketet ska till [NAME:Ingela Fredriksson], [STREET:Hamngatan 17], [POST:602 24] Norrköping.
Portkoden kan du få av [NAME:Mustafa], han är hemma.
Leverera till [STREET:Industrivägen 5], ring [TEL:070-174 06 99] när du är framme.
Mottagaren [NAME:Carlos Rodriguez] var inte på plats.
Ställ det hos grannen på [STREET:Kyrkogatan 12 A] i stället.
Chauffören heter [NAME:Piotr] och kör [CAR:WUN 294].
Avsändare är [NAME:Lotta Hermansson] i Sundsvall, mobil [TEL:+46701740620].
Numret dit är [TEL:noll sju noll ett sju fyra noll sex tre fyra], men ring inte före nio.
Paketet till [POST:114 55] Stockholm har fastnat på terminalen.
Det ska vara [POST:23732] Bjärred, inte Lomma.
Elevens namn är [NAME:Selma Wikström] och hon går i 5B.
Vårdnadshavare är [NAME:Nour Hassan] och [NAME:Bashar Hassan].
Mentorn [NAME:Tobias] har ringt två gånger om frånvaron.
Jag vill sjukanmäla [NAME:Leo Pettersson], [ID:120320-9810].
Eleven [ID:20070825-9874] byter skola efter lovet.
Lärarinnan fröken [NAME:Dahlberg] har slutat.
Svaranden är [NAME:Susanne Eklund], [ID:19720505-2389], med ombud.
Advokat [NAME:Hellström] begär att målet skjuts upp.
Målsäganden [NAME:Amina Osman] hörs bakom stängda dörrar.
Herr [NAME:Karlsson], ni har ordet.
Jag svär att jag, [NAME:Rolf Gustavsson], ska säga hela sanningen.
Kallelsen skickas till [NAME:Thomas Wiklund], [STREET:Fabriksgatan 27], [POST:411 04] Göteborg.
Igår såg jag [NAME:Tjelvar Brunnkvist] nere vid hamnen.
Sen kom [NAME:Ewuraba Quansah] förbi med fika.
Och så frågade jag [NAME:Vidkun Trollsås] om saken, men han visste inget.
jag tror att [NAME:lisa] har hand om nycklarna.
det var väl [NAME:anders nilsson] som hade jouren i natt.
hej jag heter [NAME:kalle] och vill beställa taxi.
"""
"""Sentences with personal data."""

NEUTRAL = """
Mitt ordernummer är 4500918273 och jag väntar fortfarande.
Ärendet har nummer 2024-118273, har du det framför dig?
Kundnumret är 1004521 men det hittar du nog ändå.
Felkoden är ERR 404 och sedan stannar allt.
Det är en Bosch, modell XRT 450, köpt hos er.
Tåget mot Falun går från spår 11 klockan 08.42.
Vi har öppet 08-16 på vardagar.
Rummet är 3127, hiss B, tredje våningen.
Fakturan är på 12 345 kronor och 50 öre.
Den kostar 249 90 i butiken just nu.
Räntan ligger på 4,15 procent sedan den 1 oktober 2023.
Besiktningen gjordes 2021-06-17 och gäller i två år.
Leveransen väger 1250 kilo och tar 14 pallplatser.
Sändningsnumret är 373500489530293174, står det i appen.
Målet har nummer T 4512-23 i tingsrätten.
Diarienumret är 2024/01873, skriv det på kuvertet.
Skadenumret är 55 120 338 och självrisken är 3000.
OCR är 1180045 och förfallodagen är den trettionde.
Blodsockret låg på 7,2 och vikten på 83 kilo.
Han tar 500 milligram tre gånger om dagen i 10 dagar.
Hon har Parkinsons sjukdom sedan många år.
Misstänkt Crohn, men vi väntar på biopsin.
Vi utreder honom för Aspergers syndrom.
Alzheimer går inte att bota, tyvärr.
Storgatan är avstängd för asfaltering hela veckan.
De gräver på Sveavägen igen, räkna med köer.
Kungsgatan är alltid full av folk på lördagar.
Björnen syntes utanför Orsa, och björn är fridlyst här.
Björn får man bara jaga på licens.
Sten och grus ligger kvar på gården efter vintern.
Maj är den bästa månaden för att måla om huset.
Kaj och brygga måste rustas upp före sommaren.
Lo har setts i skogen bakom skolan.
Liv och rörelse är det alltid på torget.
Dag efter dag har jag väntat på er.
Hans bil står kvar på verkstaden.
Saga läser vi alltid före läggdags.
Stig på vid bakdörren, framdörren är låst.
Ström saknas i hela trapphuset.
Berg måste sprängas bort innan de kan bygga.
Mark och byggnad värderas var för sig.
Sol ute och tjugo grader, det är ju fantastiskt.
Linnea växer i mossan där uppe.
Iris är den färgade delen av ögat.
Frisk är jag inte, men det går åt rätt håll.
Rut-avdraget är borttaget på den här fakturan.
Rosor och liljor tål inte frosten.
Tvåan på Ekgatan är redan uthyrd.
Volvo och Ericsson har hört av sig om avtalet.
Jag köpte skruvarna på Clas Ohlson i går.
Advokatfirman Lindahl har kontor i Göteborg.
Hon ligger på Sankt Görans sjukhus sedan i natt.
Astrid Lindgrens barnsjukhus har akut dygnet runt.
Försäkringskassan och Skatteverket säger olika saker.
Region Västra Götaland har upphandlat ett nytt system.
Vi flyttar från Skövde till Karlstad i augusti.
Doktorn kommer strax, sätt dig så länge.
Fru ordförande, jag yrkar bifall.
Rektorn och kuratorn var båda sjuka den dagen.
Handläggaren återkommer inom fem arbetsdagar.
Ring 1177 om det blir värre, eller 112 om det är akut.
Kan du skriva ut filen rapport.pdf på båda sidorna?
Felet ligger i main.py på rad 212.
Vi kör Node.js och en gammal databas.
Firmware 7.1.0.12 måste uppdateras först.
Snabel a hittar du bredvid tvåan på tangentbordet.
Jag har glömt mitt personnummer, sa barnet.
Vilket postnummer har ni där ute?
Bankgiro eller plusgiro, det spelar ingen roll.
Lägenheten är på 74 kvadrat och hyran är 9870 i månaden.
Klass 7C har prov i sal 214 på torsdag.
Det blev 6-4, 3-6, 7-5 i finalen.
Vi sålde 35 000 biljetter mellan 2015 och 2022.
Mätaren stod på 118245 vid avläsningen.
Kakan ska stå i 175 grader i 40 minuter.
Will you be at the office on Monday?
May is usually the busiest month for us.
Mark the box next to the second question.
The bill is due on the 15th of June 2025.
Grace period ends after 30 days, and the fee is 25 euros.
"""
"""Sentences without, many with something that looks like it."""

MARK = re.compile(r"\[([A-Z]+):([^\]]+)\]")


def sentences(count: int = 250, seed: int = 20) -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """Yield texts with their spans (type, first character, character after the last), in an order of the seed."""
    lines = [*MARKED.strip().splitlines(), *NEUTRAL.strip().splitlines()]
    Random(seed).shuffle(lines)
    for line in lines[:count]:
        yield _parsed(line)


def _parsed(line: str) -> tuple[str, list[tuple[str, int, int]]]:
    text, spans, place = "", [], 0
    for mark in MARK.finditer(line):
        text += line[place : mark.start()]
        spans.append((KINDS[mark[1]], len(text), len(text) + len(mark[2])))
        text += mark[2]
        place = mark.end()
    return text + line[place:], spans
