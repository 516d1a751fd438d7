//! Names of months, weekdays and near days, in the languages mail is written in, in every case
//! they take in a date. All in lower case, divided by blanks.

/// From January.
pub(super) const MONTHS: [&str; 12] = [
    "january jan januar jänner jän januari janvier janv enero ene janeiro gennaio gen \
     jaanuar tammikuuta tammikuu stycznia styczeń sty ledna leden led januára január \
     ianuarie ian siječnja siječanj sij januara januarja janvāris janvārī janvāra sausio \
     saus ocak oca ocağın gener urtarrila xaneiro janúar eanáir janar januarie января \
     январь янв січня січень січ януари јануара јануар јануари студзеня қаңтар ιανουαρίου \
     ιανουάριος ιαν ינואר يناير كانون ژانویه جنوری जनवरी जन มกราคม ม.ค. janvārim",
    "february feb februar feber februari février fevrier févr fév fevr febrero fevereiro \
     fev febbraio febr veebruar helmikuuta helmikuu lutego luty lut února únor úno \
     februára február februarie veljače veljača velj februara februarja februāris \
     februārī februāra vasario vas şubat şub febrer otsailaren febreiro febrúar feabhra \
     shkurt февраля февраль фев лютого лютий лют февруари фебруара фебруар лютага ақпан \
     φεβρουαρίου φεβρουάριος φεβ פברואר فبراير شباط فوریه فروری फरवरी फ़रवरी กุมภาพันธ์ \
     ก.พ. februārim",
    "march mar mars märz mrz maerz maart mrt marzo março marco marts mart märts \
     maaliskuuta maaliskuu marca marzec března březen bře marec március márc martie \
     ožujka ožujak ožu marta martā kovo kov març martxoaren márta марта март мар березня \
     березень бер сакавіка наурыз μαρτίου μάρτιος μαρ מרץ مارس آذار مارچ मार्च มีนาคม \
     มี.ค. martam",
    "april apr avril avr abril abr aprile aprill huhtikuuta huhtikuu kwietnia kwiecień \
     kwi dubna duben dub apríla apríl április ápr aprilie travnja travanj aprila aprīlis \
     aprīlī aprīļa balandžio bal nisan nis apirilaren aibreán prill апреля апрель апр \
     квітня квітень кві април априла красавіка сәуір απριλίου απρίλιος απρ אפריל أبريل \
     ابريل نيسان آوریل اپریل अप्रैल เมษายน เม.ย. aprīlim",
    "may mai mei mayo maio maggio maj toukokuuta toukokuu maja května květen kvě mája máj \
     május svibnja svibanj svi maijs maijā maija gegužės geg mayıs maig maiatzaren maí \
     bealtaine мая май травня травень тра маја мај траўня мамыр μαΐου μάιος μαϊ μαίου מאי \
     مايو أيار مه مئی मई พฤษภาคม พ.ค. maijam",
    "june jun juni juin junio junho giugno giu juuni kesäkuuta kesäkuu czerwca czerwiec \
     cze června červen čer júna jún június iunie iun lipnja lipanj junija juna jūnijs \
     jūnijā jūnija birželio birž haziran haz juny juñ ekainaren xuño júní meitheamh \
     qershor июня июнь июн червня червень чер юни јуна јун јуни чэрвеня маусым ιουνίου \
     ιούνιος ιουν יוני يونيو حزيران ژوئن جون जून มิถุนายน มิ.ย. jūnijam",
    "july jul juli juillet juil julio julho luglio lug juuli heinäkuuta heinäkuu lipca \
     lipiec července červenec čvc júla júl július iulie iul srpnja srpanj srp julija jula \
     jūlijs jūlijā jūlija liepos liep temmuz juliol uztailaren xullo júlí iúil korrik \
     июля июль июл липня липень лип юли јула јул јули ліпеня шілде ιουλίου ιούλιος ιουλ \
     יולי يوليو تموز ژوئیه جولائی जुलाई กรกฎาคม ก.ค. jūlijam",
    "august aug augustus augusti août aout agosto elokuuta elokuu sierpnia sierpień srpna \
     srpen augusta augusztus kolovoza kolovoz kol avgusta avgust augusts augustā \
     rugpjūčio rugp ağustos ağu agost abuztuaren ágúst lúnasa gusht августа август авг \
     серпня серпень сер жніўня тамыз αυγούστου αύγουστος αυγ אוגוסט أغسطس آب اوت اگست \
     अगस्त สิงหาคม ส.ค. augustam",
    "september sept sep septembre septiembre setiembre setembro settembre sett syyskuuta \
     syyskuu września wrzesień wrz září zář septembra szeptember szept septembrie rujna \
     rujan ruj septembris septembrī rugsėjo rugs eylül eyl setembre irailaren meán \
     shtator сентября сентябрь сен сент вересня вересень вер септември септембра \
     септембар верасня қыркүйек σεπτεμβρίου σεπτέμβριος σεπτ ספטמבר سبتمبر أيلول سپتامبر \
     ستمبر सितंबर सितम्बर กันยายน ก.ย. septembrim",
    "october oct oktober okt octobre octubre outubro ottobre ott oktoober lokakuuta \
     lokakuu października październik paź října říjen říj októbra október octombrie \
     oktobra oktobris oktobrī spalio spal ekim eki urriaren deireadh tetor октября \
     октябрь окт жовтня жовтень жов октомври октобра октобар кастрычніка қазан οκτωβρίου \
     οκτώβριος οκτ אוקטובר أكتوبر تشرين اکتبر اکتوبر अक्टूबर अक्तूबर ตุลาคม ต.ค. oktobrim",
    "november nov novembre noviembre novembro marraskuuta marraskuu listopada listopad \
     lis listopadu novembra noiembrie studenoga studenog studeni stu novembris novembrī \
     lapkričio lapkr kasım azaroaren nóvember samhain nëntor ноября ноябрь ноя нояб \
     листопада листопад лис ноември новембра новембар лістапада қараша νοεμβρίου \
     νοέμβριος νοε נובמבר نوفمبر نوامبر نومبر नवंबर नवम्बर พฤศจิกายน พ.ย. novembrim",
    "december dec dezember dez décembre decembre déc diciembre dic dezembro dicembre \
     detsember joulukuuta joulukuu grudnia grudzień gru prosince prosinec decembra \
     decembrie prosinca prosinac decembris decembrī gruodžio gruod aralık desembre des \
     abenduaren decembro desember nollaig dhjetor декабря декабрь дек грудня грудень гру \
     декември децембра децембар снежня желтоқсан δεκεμβρίου δεκέμβριος δεκ דצמבר ديسمبر \
     دسامبر دسمبر दिसंबर दिसम्बर ธันวาคม ธ.ค. decembrim",
];

/// From Monday.
pub(super) const WEEKDAYS: [&str; 7] = [
    "monday mon montag lundi lunes segunda segunda-feira lunedì lunedi maandag måndag \
     mandag maanantai maanantaina esmaspäev esmaspäeval poniedziałek poniedziałku \
     poniedziałkiem pondělí pondelok pondelka hétfő hétfőn luni ponedjeljak ponedjeljka \
     ponedeljek ponedeljka pirmdiena pirmdien pirmadienis pirmadienį pazartesi dilluns \
     astelehena luns понедельник понедельника понеділок понеділка понеделник понедељак \
     понедељка δευτέρα שני الاثنين الإثنين دوشنبه سوموار सोमवार จันทร์ senin isnin",
    "tuesday tue dienstag mardi martes terça terça-feira martedì martedi dinsdag tisdag \
     tirsdag tiistai tiistaina teisipäev teisipäeval wtorek wtorku úterý utorok utorka \
     kedd kedden marți marţi marti utorak torek torka otrdiena otrdien antradienis \
     antradienį salı dimarts asteartea вторник вторника вівторок вівторка уторак уторка \
     τρίτη שלישי الثلاثاء سه‌شنبه मंगलवार อังคาร selasa",
    "wednesday wed mittwoch mercredi miércoles quarta quarta-feira mercoledì mercoledi \
     woensdag onsdag keskiviikko keskiviikkona kolmapäev kolmapäeval środa środy środę \
     středa středu středy streda stredu stredy szerda szerdán miercuri srijeda srijede \
     srijedu sreda sredo srede trešdiena trešdien trečiadienis trečiadienį çarşamba \
     dimecres asteazkena mércores среда среды среду середа середи середу сряда средата \
     τετάρτη רביעי الأربعاء چهارشنبه बुधवार พุธ rabu",
    "thursday thu thurs donnerstag jeudi jueves quinta quinta-feira giovedì giovedi \
     donderdag torsdag torstai torstaina neljapäev neljapäeval czwartek czwartku čtvrtek \
     čtvrtka štvrtok štvrtka csütörtök csütörtökön joi četvrtak četvrtka četrtek četrtka \
     ceturtdiena ceturtdien ketvirtadienis ketvirtadienį perşembe dijous osteguna xoves \
     четверг четверга четвер четвъртък четвртак четвртка πέμπτη חמישי الخميس پنجشنبه \
     गुरुवार พฤหัสบดี kamis khamis",
    "friday fri freitag vendredi viernes sexta sexta-feira venerdì venerdi vrijdag fredag \
     perjantai perjantaina reede reedel piątek piątku pátek pátku piatok piatka péntek \
     pénteken vineri petak petka petek piektdiena piektdien penktadienis penktadienį cuma \
     divendres ostirala venres пятница пятницы пятницу п'ятниця п'ятниці п'ятницю петък \
     петак петка παρασκευή שישי الجمعة جمعه शुक्रवार ศุกร์ jumat jumaat",
    "saturday samstag sonnabend samedi sábado sabato zaterdag lördag lørdag lauantai \
     lauantaina laupäev sobota soboty sobotu szombat szombaton sâmbătă subota subotu \
     soboto sestdiena šeštadienis cumartesi dissabte суббота субботы субботу субота \
     суботи суботу събота σάββατο שבת السبت شنبه शनिवार เสาร์ sabtu",
    "sunday sun sonntag dimanche domingo domenica zondag söndag søndag sunnuntai \
     sunnuntaina pühapäev niedziela niedzieli niedzielę neděle neděli nedeľa nedele \
     nedeľu vasárnap duminică nedjelja nedjelje nedjelju nedelja nedeljo svētdiena \
     sekmadienis pazar diumenge воскресенье воскресенья неділя неділі неділю неделя \
     недеља недеље κυριακή ראשון الأحد یکشنبه रविवार อาทิตย์ ahad",
];

/// The day after.
pub(super) const TOMORROW: &[&str] = &[
    "tomorrow",
    "morgen",
    "demain",
    "mañana",
    "amanhã",
    "domani",
    "imorgon",
    "i morgon",
    "i morgen",
    "huomenna",
    "huomiseen",
    "jutro",
    "jutra",
    "zítra",
    "zítřka",
    "zajtra",
    "holnap",
    "mâine",
    "sutra",
    "jutri",
    "homme",
    "rīt",
    "rytoj",
    "yarın",
    "demà",
    "завтра",
    "утре",
    "сутра",
    "αύριο",
    "מחר",
    "غدا",
    "غداً",
    "فردا",
    "कल",
    "พรุ่งนี้",
    "明日",
    "明天",
    "내일",
    "ngày mai",
    "besok",
    "esok",
];

/// The same day.
pub(super) const TODAY: &[&str] = &[
    "today",
    "heute",
    "aujourd'hui",
    "hoy",
    "hoje",
    "oggi",
    "vandaag",
    "i dag",
    "idag",
    "tänään",
    "dzisiaj",
    "dziś",
    "dnes",
    "astăzi",
    "danas",
    "täna",
    "šodien",
    "šiandien",
    "bugün",
    "avui",
    "сегодня",
    "сьогодні",
    "днес",
    "данас",
    "σήμερα",
    "היום",
    "اليوم",
    "امروز",
    "आज",
    "วันนี้",
    "本日",
    "今日",
    "今天",
    "오늘",
    "hôm nay",
    "hari ini",
];

/// The Monday of the week after this one.
pub(super) const NEXT_WEEK: &[&str] = &[
    "next week",
    "nächste woche",
    "nächster woche",
    "kommende woche",
    "kommender woche",
    "semaine prochaine",
    "próxima semana",
    "semana que viene",
    "semana que vem",
    "settimana prossima",
    "prossima settimana",
    "volgende week",
    "nästa vecka",
    "neste uke",
    "næste uge",
    "ensi viik",
    "przyszłym tygodni",
    "przyszłego tygodnia",
    "příští týden",
    "budúci týždeň",
    "jövő hét",
    "săptămâna viitoare",
    "sljedeći tjedan",
    "gelecek hafta",
    "önümüzdeki hafta",
    "haftaya",
    "следующей неделе",
    "следующей недели",
    "наступного тижня",
    "следващата седмица",
    "επόμενη εβδομάδα",
    "שבוע הבא",
    "الأسبوع القادم",
    "الأسبوع المقبل",
    "अगले सप्ताह",
    "สัปดาห์หน้า",
    "来週",
    "下周",
    "下週",
    "다음 주",
    "tuần sau",
    "tuần tới",
    "minggu depan",
];
