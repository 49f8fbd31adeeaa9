"""What may stand in a template's slots: names, places and things, by language."""

from tools.bundled_model.word_list import words

FIRST_NAMES = words(
    "Anna Erik Maria Lars Karin Anders Kristina Johan Lena Per Eva Nils Emma Karl Sara Jan Ingrid Mikael Elin "
    "Lennart Birgitta Hans Malin Olof Linnéa Sven Marie Gustav Ida Peter Sofia Mats Jenny Oskar Hanna Fredrik Åsa "
    "Björn Ulla Göran Kerstin Henrik Elsa Viktor Alva Hugo Maja Axel Ebba William Astrid Bengt Bo Gunnar Ulf "
    "Stefan Thomas Daniel Magnus Jonas Martin Andreas Patrik Robert David Marcus Simon Anton Emil Jakob Filip "
    "Lukas Elias Albin Ludvig Margareta Elisabet Linda Susanne Monika Inger Helena Camilla Johanna Klara Agnes "
    "Julia Alice Moa Frida Josefin Therese Ellen Signe Vera Märta Stina Amira Fatima Ali Ahmed Omar Leyla"
)
LAST_NAMES = words(
    "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson "
    "Jansson Hansson Bengtsson Lindberg Jakobsson Magnusson Lindström Olofsson Lindqvist Lindgren Axelsson Berg "
    "Bergström Lundberg Lind Lundgren Mattsson Berglund Fredriksson Sandberg Henriksson Forsberg Sjöberg Wallin "
    "Engström Eklund Danielsson Lundin Håkansson Björk Bergman Holm Ström Åberg Nyström Holmberg Samuelsson "
    "Isaksson Holmgren Söderberg Arvidsson Bergqvist Nyberg Sundström Blomqvist Ekström Hedlund Dahlberg "
    "Hellström Martinsson Öberg Nordin Lindholm Sandström Dahl Månsson Falk Åkesson Gunnarsson Viklund Norberg "
    "Moberg Ali Ahmed Hassan Mohammed Ibrahim"
)
CITIES = words(
    "Stockholm Göteborg Malmö Uppsala Linköping Örebro Västerås Helsingborg Norrköping Jönköping Umeå Lund Borås "
    "Sundsvall Gävle Eskilstuna Halmstad Växjö Karlstad Täby Kiruna Visby Luleå Kalmar Falun Östersund Södertälje "
    "Kristianstad Skövde Uddevalla Nyköping Borlänge Trollhättan Motala Lidköping Varberg Ystad Trelleborg "
    "Skellefteå Piteå Härnösand Karlskrona Landskrona Sigtuna Enköping Mora Ludvika"
)
STREETS = words(
    "Storgatan Drottninggatan Kungsgatan Skolgatan Vasagatan Björkvägen Ringvägen Parkvägen Industrigatan Ågatan "
    "Kyrkogatan Nygatan Järnvägsgatan Strandvägen Hamngatan Trädgårdsgatan Linnégatan Götgatan Sveavägen "
    "Odengatan Bergsgatan Kvarngatan Slottsgatan Västergatan Östergatan Granvägen Tallvägen Ekvägen Solvägen "
    "Ängsvägen Skogsvägen Lindvägen Rosenvägen Köpmangatan Tegelgatan Fabriksgatan Sjögatan Norrgatan"
)
DAYS = words("måndag tisdag onsdag torsdag fredag lördag söndag")
BODY = words("magen ryggen huvudet halsen knät foten handen axeln nacken bröstet höften örat")
MEDICINES = words("alvedon insulin kortison ipren penicillin morfin treo waran")
THINGS = words(
    "fakturan avtalet blanketten remissen receptet journalen protokollet rapporten beställningen räkningen "
    "leveransen bokningen lösenordet passet körkortet försäkringen abonnemanget budgeten tidplanen schemat"
)
DOMAINS = words(
    "bolaget exempel företaget kommunen regionen sjukhuset skolan posten banken byrån firman kontoret butiken "
    "föreningen klubben verket gruppen huset garaget gården"
)
TOP_DOMAINS = words("se se se se nu com org net")
LETTERS = words("a b c d e f g h j k l m n o p r s t u x y z")

ENGLISH_DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
ENGLISH_MONTHS = words("January February March April May June July August September October November December")
ENGLISH_FIRST_NAMES = words(
    "James Mary John Linda Robert Susan Michael Karen David Sarah Thomas Lisa George Emma Paul Laura Peter Anna "
    "Simon Jane"
)
ENGLISH_LAST_NAMES = words(
    "Smith Johnson Brown Jones Miller Davis Wilson Taylor Moore Clark Hall Young King Wright Green Baker Hill Scott"
)
ENGLISH_CITIES = words("London Boston Chicago Dublin Oxford Paris Seattle Denver Berlin Stockholm Madrid Rome")
