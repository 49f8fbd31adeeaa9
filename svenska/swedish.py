"""The sentences of the command line in Swedish, by the English ones in the code; `{values}` are the same in both."""

_HELP = {
    "Swedish-first speech to text from the command line.": "Tal till text på kommandoraden, svenska först.",
    "Say which version this is.": "Visa vilken version det är.",
    "Install completion for the current shell.": "Installera komplettering för det här skalet.",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "Visa kompletteringen för det här skalet, för att kopiera eller anpassa den."
    ),
    "Transcribe recordings: on a service, or in this process where none runs.": (
        "Skriv ut inspelningar: hos en tjänst, eller i den här processen om ingen körs."
    ),
    "Audio or video; patterns; - for standard input.": "Ljud eller video; mönster; - för standard in.",
    "How it is written; else by the ending of --output, else text.": (
        "Format; annars efter filändelsen i --output, annars text."
    ),
    "Language of the speech: sv, en, … or auto.": "Språket som talas: sv, en, … eller auto.",
    "One of `svenska models list`.": "En av `svenska models list`.",
    "Write English, whatever is spoken.": "Skriv engelska, vad som än talas.",
    "Text that came before the recording.": "Text som kom före inspelningen.",
    "Words to be expected.": "Ord att vänta sig.",
    "Times for every word (in JSON).": "Tider för varje ord (i JSON).",
    "Cut silence out before decoding.": "Klipp bort tystnad före avkodningen.",
    "1 is fastest; the service's default is 5.": "1 är snabbast; tjänstens förval är 5.",
    "Only take the time that live speech leaves.": "Ta bara den tid som direkt tal lämnar över.",
    "Write there, not to the screen.": "Skriv dit, inte till skärmen.",
    "Write a file for each recording there.": "Skriv en fil där för varje inspelning.",
    "Make files in DIR anew; else recordings that have theirs are left out.": (
        "Skriv om filer i DIR; annars hoppas inspelningar över som redan har sin."
    ),
    "The api_server; SVENSKA_SERVER, else http://127.0.0.1:8123.": (
        "Tjänsten api_server; SVENSKA_SERVER, annars http://127.0.0.1:8123."
    ),
    "Work in this process, without a service; the model is loaded first.": (
        "Arbeta i den här processen, utan tjänst; modellen laddas först."
    ),
    "How long to go on asking a service that is busy.": "Hur länge en upptagen tjänst tillfrågas på nytt.",
    "Write one JSON object a line, errors too.": "Skriv ett JSON-objekt per rad, även fel.",
    "Write what is being said, live. Ctrl-C ends it, once the last words are there.": (
        "Skriv det som sägs, medan det sägs. Ctrl-C avslutar, när de sista orden har kommit."
    ),
    "A recording; - for raw 16 kHz mono s16le; nothing: the microphone.": (
        "En inspelning; - för rå s16le, 16 kHz mono; inget: mikrofonen."
    ),
    "Begin each line with its time.": "Börja varje rad med dess tid.",
    "Send a recording as fast as it is taken.": "Skicka en inspelning så fort den tas emot.",
    "Which microphone, as the recorder calls it.": "Vilken mikrofon, med inspelningsprogrammets namn.",
    "Check settings, packages, model, disk and services; say what to mend.": (
        "Kontrollera inställningar, paket, modell, disk och tjänster; säg vad som ska åtgärdas."
    ),
    "Recordings as jobs of the batch service.": "Inspelningar som jobb hos batchtjänsten.",
    "Give recordings to the batch service; writes the id of each job.": (
        "Lämna inspelningar till batchtjänsten; skriver varje jobbs id."
    ),
    "Higher goes first.": "Högre går först.",
    "Switch a stage on or off: pii=off. May be repeated.": "Slå på eller av ett steg: pii=off. Kan upprepas.",
    "As docs/api.md names them: beam_size=1. May be repeated.": "Namn enligt docs/api.md: beam_size=1. Kan upprepas.",
    "An object that comes back with the job.": "Ett objekt som följer med jobbet tillbaka.",
    "Is told when the job is over.": "Får besked när jobbet är slut.",
    "Follow the jobs to their end.": "Följ jobben till slutet.",
    "The batch_worker; SVENSKA_JOBS_SERVER, else port 8400 beside SVENSKA_SERVER.": (
        "Tjänsten batch_worker; SVENSKA_JOBS_SERVER, annars port 8400 bredvid SVENSKA_SERVER."
    ),
    "List jobs, the newest first.": "Lista jobb, de nyaste först.",
    "Only jobs in this state.": "Bara jobb i det läget.",
    "So many, the newest first.": "Så många, de nyaste först.",
    "Show one job: its state, its stages, why it failed.": (
        "Visa ett jobb: dess läge, dess steg, varför det misslyckades."
    ),
    "Follow jobs to their end; fails if one of them does.": (
        "Följ jobb till slutet; misslyckas om något av dem gör det."
    ),
    "Write the result of a completed job.": "Skriv resultatet av ett färdigt jobb.",
    "How it is written.": "Format.",
    "Stop queued or running jobs; what is over stays as it is.": (
        "Stoppa jobb som väntar eller körs; det som är slut lämnas som det är."
    ),
    "Queue failed or cancelled jobs again, from their first unfinished stage.": (
        "Ställ misslyckade eller avbrutna jobb i kö igen, från det första oavslutade steget."
    ),
    "The models of the api_server.": "Modellerna i api_server.",
    "List the models that may be asked for.": "Lista modellerna som går att välja.",
    "Bring a model into the service's memory; fetches it first where need be.": (
        "Ladda en modell i tjänstens minne; den hämtas först om det behövs."
    ),
    "A size (small) or a hub id (KBLab/kb-whisper-small).": (
        "En storlek (small) eller ett namn på hubben (KBLab/kb-whisper-small)."
    ),
    "Give a model's memory back.": "Lämna tillbaka en modells minne.",
    "Run the services here, set by the environment.": "Kör tjänsterna här, inställda av miljön.",
    "Run the api_server.": "Kör api_server.",
    "Where to listen; 0.0.0.0 for all.": "Adress att lyssna på; 0.0.0.0 för alla.",
    "Port to listen on.": "Port att lyssna på.",
    "WHISPER_MODEL: a size, a hub id or a folder.": "WHISPER_MODEL: en storlek, ett namn på hubben eller en mapp.",
    "Port of the api_server.": "Port för api_server.",
    "Port of the batch_worker.": "Port för batch_worker.",
    "The batch_worker; SVENSKA_JOBS_SERVER, else port 8400 beside the api_server.": (
        "Tjänsten batch_worker; SVENSKA_JOBS_SERVER, annars port 8400 bredvid api_server."
    ),
    "Run the batch_worker.": "Kör batch_worker.",
    "Run both; the end of one ends the other.": "Kör båda; slutar den ena så slutar den andra.",
}

_SAID = {
    "No service runs here; working in this process.": "Ingen tjänst körs här; arbetar i den här processen.",
    "Loading the model …": "Laddar modellen …",
    "Listening; Ctrl-C ends it.": "Lyssnar; Ctrl-C avslutar.",
    "{message} Trying again in {seconds:g} s.": "{message} Försöker igen om {seconds:g} s.",
    "{file}: {path} is there already; --overwrite makes it anew.": (
        "{file}: {path} finns redan; --overwrite skriver om den."
    ),
    "{module} ended with {code}; stopping the other.": "{module} slutade med {code}; stoppar den andra.",
    "The job goes on: `svenska jobs watch {job}` or `svenska jobs cancel {job}`.": (
        "Jobbet fortsätter: `svenska jobs watch {job}` eller `svenska jobs cancel {job}`."
    ),
    "connection lost": "tappade förbindelsen",
}

_FAILURES = {
    "The server address {text!r} cannot be used: write it as http://host:port.": (
        "Serveradressen {text!r} kan inte användas: skriv den som http://värd:port."
    ),
    "No service answers at {url}: start it with `svenska serve all`, or name another with --server.": (
        "Ingen tjänst svarar på {url}: starta den med `svenska serve all`, eller ange en annan med --server."
    ),
    "The service at {url} broke off in the middle of its answer.": "Tjänsten på {url} avbröt mitt i sitt svar.",
    "The service at {url} is silent for too long.": "Tjänsten på {url} har varit tyst för länge.",
    "The service does not accept this API key: set SVENSKA_API_KEY to one of its API_KEYS.": (
        "Tjänsten godtar inte den här API-nyckeln: sätt SVENSKA_API_KEY till en av dess API_KEYS."
    ),
    "What answers there is not a Whisper Svenska service (HTTP {status}).": (
        "Det som svarar där är ingen tjänst ur Whisper Svenska (HTTP {status})."
    ),
    "What answers at {url} is not the service that was asked for.": (
        "Det som svarar på {url} är inte den tjänst som tillfrågades."
    ),
    "The service there does not know what was asked: it is another one than --server should name.": (
        "Tjänsten där känner inte till det som frågades: det är en annan än den som --server ska ange."
    ),
    "The service's answer is not a transcript.": "Tjänstens svar är ingen utskrift.",
    "{option}: expected {expected}, got {got!r}.": "{option}: väntade {expected}, fick {got!r}.",
    "--output takes the transcript of one recording; for several use --output-dir.": (
        "--output tar utskriften av en enda inspelning; använd --output-dir för flera."
    ),
    "There is no such file.": "Filen finns inte.",
    "It is a folder; name its files, as in '{name}/*'.": "Det är en mapp; ange dess filer, som '{name}/*'.",
    "The file may not be read by this user.": "Användaren får inte läsa filen.",
    "The file cannot be read ({error}).": "Filen kan inte läsas ({error}).",
    "{path} cannot be written: {reason}.": "{path} kan inte skrivas: {reason}.",
    "Standard input is a terminal: pipe a recording into it.": (
        "Standard in är en terminal: skicka en inspelning dit genom ett rör."
    ),
    "Standard input is a terminal: pipe audio into it (s16le, 16 kHz, mono).": (
        "Standard in är en terminal: skicka ljud dit genom ett rör (s16le, 16 kHz, mono)."
    ),
    "No program that records is installed: install pulseaudio-utils (parec), alsa-utils (arecord) or sox, "
    "or pipe 16 kHz mono s16le in: `… | svenska listen -`.": (
        "Inget inspelningsprogram är installerat: installera pulseaudio-utils (parec), alsa-utils (arecord) eller sox, "
        "eller skicka s16le, 16 kHz mono, genom ett rör: `… | svenska listen -`."
    ),
    "{recorder} cannot be told which microphone to use: choose it in the system's settings.": (
        "Mikrofonen kan inte väljas genom {recorder}: välj den i systemets inställningar."
    ),
    "The microphone cannot be read: {reason}": "Mikrofonen kan inte läsas: {reason}",
    "Working without a service needs the package {name}: pip install 'whisper-svenska[api]'.": (
        "Utan tjänst behövs paketet {name}: pip install 'whisper-svenska[api]'."
    ),
    "This service needs the package {name}: pip install 'whisper-svenska[{extra}]'.": (
        "Den här tjänsten behöver paketet {name}: pip install 'whisper-svenska[{extra}]'."
    ),
    "The service of this process could not start.": "Processens egen tjänst kunde inte starta.",
    "{job!r} is not the id of a job.": "{job!r} är inte ett jobbs id.",
    "The job is over already ({status}).": "Jobbet är redan slut ({status}).",
}

_DOCTOR = {
    "All are installed.": "Alla är installerade.",
    "Not installed: {missing}.": "Inte installerade: {missing}.",
    "All values can be used.": "Alla värden går att använda.",
    "Correct it in the environment or in .env; see .env.example.": (
        "Rätta det i miljön eller i .env; se .env.example."
    ),
    "{count} set.": "{count} angivna.",
    "None, and the services listen to this machine only.": "Inga, och tjänsterna lyssnar bara på den här maskinen.",
    "None, and other machines can reach the services.": "Inga, och andra maskiner når tjänsterna.",
    "Set API_KEYS to one or several secrets, comma separated.": (
        "Sätt API_KEYS till en eller flera hemligheter, åtskilda med komma."
    ),
    "{folder}, {free:.1f} GB free.": "{folder}, {free:.1f} GB ledigt.",
    "{folder} cannot be written to ({reason}).": "{folder} går inte att skriva till ({reason}).",
    "Make room, shorten RETENTION_HOURS, or set DATA_DIR to a larger disk.": (
        "Gör plats, förkorta RETENTION_HOURS, eller sätt DATA_DIR till en större disk."
    ),
    "Give this user the right to write there, or set DATA_DIR to another folder.": (
        "Ge användaren rätt att skriva där, eller sätt DATA_DIR till en annan mapp."
    ),
    "The bundled model, which is for demonstration: it knows synthetic voices only.": (
        "Den medföljande modellen, för demonstration: den kan bara syntetiska röster."
    ),
    "WHISPER_MODEL=KBLab/kb-whisper-small (or -large, or a folder with any CTranslate2 Whisper)": (
        "WHISPER_MODEL=KBLab/kb-whisper-small (eller -large, eller en mapp med någon CTranslate2-Whisper)"
    ),
    "There is no folder {name}.": "Mappen {name} finns inte.",
    "Name a folder that is there, a size (small) or a hub id (KBLab/kb-whisper-small).": (
        "Ange en mapp som finns, en storlek (small) eller ett namn på hubben (KBLab/kb-whisper-small)."
    ),
    "{name} is not on this disk yet: the first start fetches it, and needs the network for that.": (
        "{name} finns inte på disken än: den första starten hämtar den, och behöver nätet till det."
    ),
    "Start the api_server once while connected, or name a folder.": (
        "Starta api_server en gång med nätet uppkopplat, eller ange en mapp."
    ),
    "{name} lacks {missing}.": "{name} saknar {missing}.",
    "Convert it with ct2-transformers-converter and --copy_files tokenizer.json preprocessor_config.json.": (
        "Konvertera den med ct2-transformers-converter och --copy_files tokenizer.json preprocessor_config.json."
    ),
    "{name}, {gigabytes:.2f} GB, on this disk.": "{name}, {gigabytes:.2f} GB, på disken.",
    "{available:.1f} GB, of which up to {needed:.1f} are needed.": (
        "{available:.1f} GB, varav upp till {needed:.1f} behövs."
    ),
    "{available:.1f} GB, and up to {needed:.1f} are needed.": "{available:.1f} GB, och upp till {needed:.1f} behövs.",
    "Set BATCH_LANE=shared, which keeps the model in memory once, or choose a smaller model.": (
        "Sätt BATCH_LANE=shared, som håller modellen en gång i minnet, eller välj en mindre modell."
    ),
    "Nothing answers at {url}.": "Ingenting svarar på {url}.",
    "Start it there, or correct {place}.": "Starta den där, eller rätta {place}.",
    "Start it with `svenska serve all`, or correct {place}.": (
        "Starta den med `svenska serve all`, eller rätta {place}."
    ),
    "Something else is there: start the service on another port, or correct {place}.": (
        "Något annat finns där: starta tjänsten på en annan port, eller rätta {place}."
    ),
    "{setting} is {port} here, and commands ask {url}.": "{setting} är {port} här, och kommandona frågar {url}.",
    "{url} does not accept the key.": "{url} godtar inte nyckeln.",
    "Set {key} to one of the service's API_KEYS.": "Sätt {key} till en av tjänstens API_KEYS.",
    "Wait a little; if it stays so, its log says why.": "Vänta lite; blir det så kvar säger loggen varför.",
    "Look into its log.": "Se efter i dess logg.",
    "{found} records.": "{found} spelar in.",
    "No program that records is installed; `svenska listen` can hear files and pipes only.": (
        "Inget inspelningsprogram är installerat; `svenska listen` hör bara filer och rör."
    ),
    "Install pulseaudio-utils (parec), alsa-utils (arecord) or sox.": (
        "Installera pulseaudio-utils (parec), alsa-utils (arecord) eller sox."
    ),
    "{port} is {other} already.": "{port} är redan {other}.",
    "Set WYOMING_PORT to another port; 10300 is what Home Assistant offers.": (
        "Sätt WYOMING_PORT till en annan port; 10300 är den som Home Assistant föreslår."
    ),
    "Nothing speaks Wyoming at {host}:{port}.": "Ingenting talar Wyoming på {host}:{port}.",
    "Start the api_server anew with this setting: `svenska serve api`.": (
        "Starta om api_server med den inställningen: `svenska serve api`."
    ),
    "Home Assistant on this machine finds it at {host}:{port}; to be found from others set API_HOST=0.0.0.0.": (
        "Home Assistant på den här maskinen hittar den på {host}:{port}; sätt API_HOST=0.0.0.0 för andra maskiner."
    ),
    "Home Assistant finds it at port {port}, and so does everyone: the protocol knows no keys.": (
        "Home Assistant hittar den på port {port}, och det gör alla andra med: protokollet har inga nycklar."
    ),
    "Let the firewall admit Home Assistant's machine only.": (
        "Låt brandväggen bara släppa fram den maskin som kör Home Assistant."
    ),
    "Jobs wait {seconds:g} s for an api_server that is away.": (
        "Jobb väntar {seconds:g} s på en api_server som är borta."
    ),
    "Jobs wait {seconds:g} s for an api_server that is away; a restart may take longer.": (
        "Jobb väntar {seconds:g} s på en api_server som är borta; en omstart kan ta längre tid."
    ),
    "Set it to 600, or to as long as it may take to bring the api_server back.": (
        "Sätt den till 600, eller till så länge det kan ta att få tillbaka api_server."
    ),
    "{seconds:g} s are not less than WORKER_TIMEOUT, {timeout:g} s, which ends a job first.": (
        "{seconds:g} s är inte mindre än WORKER_TIMEOUT, {timeout:g} s, som avslutar jobbet dessförinnan."
    ),
    "Raise WORKER_TIMEOUT, or lower OUTAGE_SECONDS.": "Höj WORKER_TIMEOUT, eller sänk OUTAGE_SECONDS.",
    "{python} cannot be run.": "{python} går inte att köra.",
    "Name the Python of an environment that has pyannote.audio, or set FEATURE_DIARIZATION=false.": (
        "Ange Python i en miljö som har pyannote.audio, eller sätt FEATURE_DIARIZATION=false."
    ),
    "{name}, on this disk.": "{name}, på disken.",
    "{name} lacks config.yaml, or is not there.": "{name} saknar config.yaml, eller finns inte.",
    "Name the folder of a pyannote pipeline, or a hub id.": (
        "Ange en mapp med en pipeline för pyannote, eller ett namn på hubben."
    ),
    "{name} is not on this disk, and the hub gives it only to those who accepted its conditions.": (
        "{name} finns inte på disken, och hubben ger den bara till den som har godtagit villkoren."
    ),
    "Accept them on the hub and set HF_TOKEN, or let DIARIZATION_MODEL name a folder.": (
        "Godta dem på hubben och sätt HF_TOKEN, eller låt DIARIZATION_MODEL ange en mapp."
    ),
    "{name} is not on this disk yet: the first job fetches it, and needs the network for that.": (
        "{name} finns inte på disken än: det första jobbet hämtar den, och behöver nätet till det."
    ),
    "Run one job with diarization while connected, or name a folder.": (
        "Kör ett jobb med talare åtskilda medan nätet är uppkopplat, eller ange en mapp."
    ),
    "{threads}, and this machine has {cores} cores.": "{threads}, och maskinen har {cores} kärnor.",
    "Set it to the cores that nobody else uses; 1 leaves the others to speech.": (
        "Sätt den till de kärnor som ingen annan använder; 1 lämnar de andra åt talet."
    ),
    "{megabytes} MB, and a recording takes about {least}.": "{megabytes} MB, och en inspelning tar omkring {least}.",
    "Raise it, or set it to 0 for no bound.": "Höj den, eller sätt den till 0 för ingen gräns.",
    "FEATURE_SUMMARY is on, and LLM_URL and LLM_MODEL are not both set.": (
        "FEATURE_SUMMARY är på, men inte både LLM_URL och LLM_MODEL är satta."
    ),
    "Set both, as LLM_URL=http://127.0.0.1:11434/v1, or set FEATURE_SUMMARY=false.": (
        "Sätt båda, som LLM_URL=http://127.0.0.1:11434/v1, eller sätt FEATURE_SUMMARY=false."
    ),
    "Start the language model's server, or correct LLM_URL.": "Starta språkmodellens server, eller rätta LLM_URL.",
    "{url} does not take the key (HTTP {status}).": "{url} godtar inte nyckeln (HTTP {status}).",
    "Set LLM_API_KEY to the key that this server asks for.": "Sätt LLM_API_KEY till nyckeln som den servern vill ha.",
    "{url} does not say which models it has (HTTP {status}).": (
        "{url} säger inte vilka modeller den har (HTTP {status})."
    ),
    "See that LLM_URL is the one in the server's manual; mostly it ends in /v1.": (
        "Se till att LLM_URL är den i serverns handbok; oftast slutar den på /v1."
    ),
    "{url} has no {model}.": "{url} har ingen {model}.",
    "Set LLM_MODEL to one that it has: {models}.": "Sätt LLM_MODEL till en som den har: {models}.",
    "The language model sees masked text.": "Språkmodellen ser maskerad text.",
    "The language model is on this machine.": "Språkmodellen finns på den här maskinen.",
    "Personal data leaves this machine for {url}.": "Personuppgifter lämnar maskinen för {url}.",
    "Set PII_REDACT_BEFORE_LLM=true, unless that server may see it.": (
        "Sätt PII_REDACT_BEFORE_LLM=true, om den servern inte får se dem."
    ),
    "Everything is as it should be.": "Allt är som det ska.",
    "It works; the lines with ! say what could be better.": "Det fungerar; raderna med ! säger vad som kan bli bättre.",
    "The lines with ✗ say what has to be mended.": "Raderna med ✗ säger vad som måste åtgärdas.",
}

_WORDS = {
    "attempts": "försök",
    "cancelled": "avbrutet",
    "completed": "färdigt",
    "created": "skapat",
    "device": "enhet",
    "ended": "slutade",
    "error": "fel",
    "failed": "misslyckat",
    "file": "fil",
    "job": "jobb",
    "language": "språk",
    "languages": "språk",
    "length": "längd",
    "loaded": "laddad",
    "model": "modell",
    "position": "plats i kön",
    "progress": "klart",
    "queued": "väntar",
    "ready in": "klart om",
    "running": "körs",
    "stage": "steg",
    "started": "började",
    "state": "läge",
    "status": "status",
    "took": "tog",
    "type": "typ",
    "unloaded": "inte längre laddad",
}

SENTENCES: dict[str, str] = {**_HELP, **_SAID, **_FAILURES, **_DOCTOR, **_WORDS}
