//! Words and morphemes of names, frequent ones first. Written by hand from general knowledge of Nigerian names.

pub(crate) const MUSLIM_MEN: &str = "
muhammad ahmad abubakar ibrahim usman umar aliyu yusuf sulaiman abdullahi musa isa haruna idris hassan husaini sani
bello lawal garba shehu bashir nasir kabir abdulrahman isma'il yakubu dauda ishaq jibril rabi'u ya'u mu'azu zulkifl
salisu danjuma danladi audu sabo sule tanko baba inuwa tijjani aminu nuhu adamu saidu gambo mansur mustapha murtala
mukhtar tukur hamza hamisu lukman zubairu surajo kamal kamilu auwal buhari shuaibu magaji maikudi waziri galadima wada
shamsu shamsuddeen nura ilyasu ilu habibu hamidu bala barau dalhatu dahiru sagir yahaya yahuza yunusa zakari zayyanu
anas faruk abdulkadir abdulaziz al-amin al-hassan";

pub(crate) const MUSLIM_WOMEN: &str = "
fatima aisha maryam hauwa zainab khadija amina rukayya halima sa'adatu hafsat safiya bilkisu asma'u nafisa hadiza
jamila ladi larai binta hajara hussaina hassana rahma ramatu sumayya ummi asabe talatu laraba rabi'atu zulaihat";

pub(crate) const NORTHERN_PLACES: &str = "
kano zaria katsina daura funtua gusau sokoto gwarzo bichi rano gaya dambatta kaita mani malumfashi bakori kankia
ringim hadejia gumel kazaure birnin-kudu bauchi misau azare gombe dukku yola mubi numan jalingo kachia kafanchan ikara
makarfi lere soba giwa birnin-gwari tudun-wada tofa wudil bebeji kura dawakin gezawa minjibir ungogo sumaila takai
tsanyawa";

pub(crate) const KANURI_MEN: &str = "
bukar kyari modu mustapha goni kolo kachalla bulama abba lawan zanna shettima maina baba-gana fantami alhaji mallam ali
modu-sheriff kaka";

pub(crate) const KANURI_WOMEN: &str =
    "yagana falmata fanna yakura kellu aisami inna ya-gana bintu hajja";

pub(crate) const YORUBA: &str = "
adebayo oluwaseun babatunde temitope olufemi abiodun oluwatosin kayode folake adewale bukola olumide ayodele
oluwadamilola funmilayo segun yetunde kolawole omolara oluwatobi abimbola adeola ibukun modupe oladele titilayo tolulope
simisola ifeoluwa taiwo kehinde";

pub(crate) const YORUBA_FIRST: &str =
    "ade olu oluwa ola ayo ife omo oye akin ogun fa temi ibi kole ore ini ire adu";
pub(crate) const YORUBA_LAST: &str = "
wale seun tobi dare bukola kemi yemi femi tola bola sola kunle deji gbenga bayo mide bisi ronke funmi niyi kayode leke
lekan dayo damola tunde segun jide gboyega toyin sade tope dele sanmi lola peju shola biodun";

pub(crate) const YORUBA_SURNAMES: &str = "
adeyemi ogunleye olatunji adebayo afolabi ojo balogun akinola oyelaran alabi ogundipe oladipo fashola ajayi olaniyan
akande adeniyi olawale owolabi bamidele oni olowo";

pub(crate) const YORUBA_SURNAME_FIRST: &str = "ade ola olu ogun fa oye akin ayo awo ojo ala ope";
pub(crate) const YORUBA_SURNAME_LAST: &str = "
yemi leke bayo niyi sanya bode wole leye lami tunji dipe jimi kanmi seye bamiro dunni mola reti luwa ponle wumi rinde
lade goke";

pub(crate) const IGBO: &str = "
chinedu ngozi emeka chidinma ifeanyi chukwuemeka nkechi obinna uche chioma ikenna adaeze kelechi nnamdi chiamaka
ogechi onyekachi kenechukwu ifeoma chukwuebuka uzoma amarachi chibuike obioma ezinne";

pub(crate) const IGBO_FIRST: &str = "chi chukwu nwa oke eze obi ike ugo ama nne ifeo kele ony";
pub(crate) const IGBO_LAST: &str = "
nedu dinma emeka ebuka oma zi nna ma ora gozie nonso dimma amaka ka nyelu bueze zim ude ke naza chi ruka bundo nwe";

pub(crate) const IGBO_SURNAMES: &str = "
okafor okeke nwosu eze obi okonkwo nwachukwu onyeka udeh ugwu okoro nwankwo onuoha ibe mbah anyanwu ekwueme ojukwu
azikiwe okorie nnadi ani agu ezeh onwuka okoye nwafor ilo umeh uzor chukwuma iwu oguejiofor nwabueze";

pub(crate) const TIV: &str = "
terhemba dooshima aondofa terkula ngunan msughter iorwuese mimidoo tersoo doosuur terungwa mbafan";

pub(crate) const TIV_FIRST: &str = "ter tor aon ior mba ver dooshi msue sesu ngu";
pub(crate) const TIV_LAST: &str = "
kula ungwa dza hemba fa ver lumun ma gh tse nyam ndi mbee ga shima aondo";

pub(crate) const MIDDLE_BELT: &str = "
danjuma audu ladan bako bulus yohanna istifanus ishaya luka markus sunday monday friday adamu gyang dung pam davou
choji nyam gwom bitrus ayuba dauda agbo ochefu ameh idoko odoh oche ejeh adakole enenche onoja abah ogbole okpe akoh
atabo yakubu isah negedu ocholi audu-ogbe ndagi ndako nda jiya kolo gana tsado zubairu ohiare ozigi onimisi salihu
suberu";

pub(crate) const ENGLISH_MEN: &str = "
john james peter paul david daniel samuel joseph michael emmanuel stephen philip moses simon andrew thomas mark luke
matthew joshua benjamin solomon isaac jacob abraham victor godwin sunday charles george henry francis patrick anthony
augustine innocent kingsley chris christopher jonathan gabriel raphael nathaniel timothy titus cornelius ephraim
elijah elisha";

pub(crate) const ENGLISH_WOMEN: &str = "
patience grace mercy blessing joy faith hope mary esther ruth deborah rebecca elizabeth catherine sarah hannah rachel
victoria comfort felicia christiana monica veronica janet martha dorcas charity peace happiness gloria juliet";
