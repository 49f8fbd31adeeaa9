"""Words that announce a name; as data, lower case."""

import re

from batch_worker.pipeline.itn.lexicon import words

NAMING = words("heter hette hetat undertecknad named")
"""Verbs after which a listed name counts in lower case too."""
CALLED = words("kallar kallade kalla kallat")
"""Verbs that name whom they have for an object: `alla kallar honom …`."""
THINGS = re.compile(
    r"vad|hur|vilken|vilket|så|den|det|detta|denna|dessa|de|"
    r".*(?:staden|stad|orten|byn|landet|ön|sjön|floden|berget|gatan|vägen|torget|programmet|systemet|appen|filen|sidan|"
    r"tjänsten|produkten|modellen|märket|varan|företaget|firman|bolaget|koncernen|banken|boken|filmen|serien|låten|"
    r"tidningen|spelet|skolan|kursen|ämnet|projektet|avdelningen|enheten|mottagningen|kliniken|sjukhuset|hotellet|"
    r"restaurangen|butiken|sjukdomen|diagnosen|syndromet|medicinen|tabletterna|salvan|vaccinet|läkemedlet|preparatet|medlet|krämen|sprutan|viruset|"
    r"bakterien|rasen|hunden|katten|hästen|kon|valpen|kaninen|stationen|hållplatsen|området|"
    r"funktionen|knappen|nätverket|wifi|wifit|nätet|formuläret|blanketten|lagen|metoden|partiet|föreningen|klubben|laget|båten|fonden|"
    r"stad|ort|by|land|sjö|gata|väg|"
    r"program|system|app|fil|sida|tjänst|produkt|modell|märke|firma|bolag|företag|bank|bok|film|serie|låt|spel|skola|kurs|"
    r"projekt|avdelning|sjukdom|medicin|hotell|restaurang|butik|metod|parti|förening|klubb|lag|båt)"
)
"""What has a name without being a person: `staden heter`, and what asks for one: `vad heter`."""

RELATIONS = re.compile(
    r"(?:ex|svär|styv|bonus|gud|plast|lille?|stor|små|halv|mor|far|brors?|systers?|barn|barnbarns|tvilling){0,2}"
    r"(?:man|make|maka|fru|hustru|sambo|särbo|pojkvän|flickvän|partner|fästman|fästmö|son|dotter|barn|mamma|pappa|mor|far|"
    r"morsa|farsa|mormor|farmor|morfar|farfar|bror|brorsa|syster|syrra|syskon|kusin|moster|faster|morbror|farbror|"
    r"föräldrar|svåger|svägerska|väninna|vän|kompis|granne|kollega|chef|assistent|elev|kund|klient|hyresvärd|hyresgäst|"
    r"handledare|lärare|mentor|läkare|handläggare|kontaktperson|husband|wife|son|daughter|mother|father|brother|sister|"
    r"friend|colleague|boss|partner|neighbour|neighbor|girlfriend|boyfriend)"
)
"""Who somebody is to somebody: after a possessive they announce a name."""
POSSESSIVES = words(
    "min mitt din ditt sin sitt vår vårt er ert hans hennes hens deras mina dina sina våra my your his her our their"
)

TITLES = re.compile(
    r"(?:.*(?:läkar(?:e|en)|sköterska|sköterskan|handläggar(?:e|en)|sekreterar(?:e|en)|advokat(?:en)?|åklagar(?:e|en)|"
    r"domar(?:e|en)|rektor(?:n)?|kurator(?:n)?|psykolog(?:en)?|terapeut(?:en)?|mäklar(?:e|en)|inspektör(?:en)?|"
    r"kommissarie(?:n)?|lärar(?:e|en|inna|innan)|professor(?:n)?|konsult(?:en)?|assistent(?:en)?|pedagog(?:en)?|"
    r"ingenjör(?:en)?|tekniker(?:n)?|skötar(?:e|en)|direktör(?:en)?|chef(?:en)?|ledamot(?:en)?|råd(?:et)?|präst(?:en)?|"
    r"tolk(?:en)?|ombud(?:et)?|gäst(?:en)?|hyresvärd(?:en)?|vittnet|minister(?:n)?|ledar(?:e|en)|mästar(?:e|en)|"
    r"skötersk(?:a|an)|ansvarig(?:e|a)?|tränar(?:e|en)|mentor(?:n)?|docent(?:en)?|lektor(?:n)?|adjunkt(?:en)?|"
    r"revisor(?:n)?|rådgivar(?:e|en)|samordnar(?:e|en)|vårdar(?:e|en)|vårdarinna(?:n)?|morska(?:n)?|hygienist(?:en)?)"
    r"|ordförande(?:n)?|kassör(?:en)?|vd|major(?:en)?|överste(?:n)?|sergeant(?:en)?|"
    r"doktor(?:n)?|dr|polis(?:en)?|fröken|magister(?:n)?|herr|fru|pastor(?:n)?|biskop(?:en)?|kyrkoherde(?:n)?|"
    r"diakon(?:en)?|notarie(?:n)?|rådman(?:nen)?|nämndeman(?:nen)?|kapten(?:en)?|general(?:en)?|löjtnant(?:en)?|"
    r"dietist(?:en)?|apotekar(?:e|en)|farmaceut(?:en)?|veterinär(?:en)?|optiker(?:n)?|frisör(?:en)?|chaufför(?:en)?|"
    r"snickar(?:e|en)|elektriker(?:n)?|rörmokar(?:e|en)|städar(?:e|en)|reporter(?:n)?|journalist(?:en)?|president(?:en)?|"
    r"statsråd|kollegan?|patienten|kunden|klienten|brukaren|eleven|användaren|mottagaren|avsändaren|sökanden|målsäganden|"
    r"svaranden|käranden|tilltalade|misstänkte|misstänkta|gärningsmannen|hyresgästen|grannen|kompisen|vännen|"
    r"mamman|pappan|sonen|dottern|hustrun|maken|frun|sambon|brodern|systern|bror|syster|mormodern|farfadern|pojkvännen|"
    r"flickvännen|partnern|mr|mrs|ms|miss|doctor|nurse|judge|officer|attorney|namnet|hälsningar|mvh)"
)
"""Titles and parts that people have: what is capitalised after them is a name."""

SHORT = words("dr mr mrs ms prof adv leg")
"""Titles whose full stop ends no sentence."""

PROFESSIONS = re.compile(
    r"[a-zåäö]*(?:reglerare|läggare|ordnare|arbetare|mäklare|förare|köpare|säljare|utredare|granskare|handlare|hanterare|"
    r"utvecklare|väktare|städare|brandman|montör|entreprenör|kontrollör|redaktör|konduktör|massör|kassör|logoped|urolog|"
    r"kardiolog|neurolog|kirurg|ortoped|specialist|receptionist|biträde|kökschef|vaktmästare|fältare)"
)
"""How further professions end: a listed family name after one is somebody."""
KIN = words(
    "bröderna systrarna syskonen familjen makarna mamma pappa mormor morfar farmor farfar moster faster morbror"
)
"""Before a listed family name they make it somebody's."""

HELLO = words("hej hejsan hallå tjena tjenare goddag morgon dag kväll förmiddag eftermiddag tja ja hello hi")
"""With one of these in front, `det är` announces whoever calls."""
CALLING = re.compile(r"(?: här)?(?: (?:på|från)\b|(?: som)? ring(?:er|de)\b| här\b| igen\b|,? (?:och )?jag ring)")
"""What callers say after their name."""
CALLING_SURELY = re.compile(r"(?: från\b| som ring|,? (?:och )?jag ring)")
"""The same where the name may be a word too."""
CALLING_ENGLISH = re.compile(r" (?:speaking|calling|here|from)\b")

DEALINGS = words("frågade frågar träffade träffar intervjuade intervjuar förhörde tackade tackar anställde anställt")
"""What is done with people: two capitalised words after it are a name; `jag` may stand between."""
