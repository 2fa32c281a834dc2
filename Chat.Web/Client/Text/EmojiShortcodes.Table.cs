using System.Collections.Frozen;

namespace Chat.Web.Client.Text;

/// <summary>The table, in the groups of the picker.</summary>
public static partial class EmojiShortcodes
{
    public static IReadOnlyList<EmojiGroup> All { get; } =
    [
        Group("smileys",
            "grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 sweat_smile 😅 rofl 🤣 joy 😂 slightly_smiling_face 🙂 " +
            "upside_down_face 🙃 wink 😉 blush 😊 innocent 😇 smiling_face_with_three_hearts 🥰 heart_eyes 😍 star_struck 🤩 " +
            "kissing_heart 😘 yum 😋 stuck_out_tongue 😛 stuck_out_tongue_winking_eye 😜 zany_face 🤪 money_mouth_face 🤑 " +
            "hugs 🤗 hand_over_mouth 🤭 shushing_face 🤫 thinking 🤔 zipper_mouth_face 🤐 raised_eyebrow 🤨 neutral_face 😐 " +
            "expressionless 😑 no_mouth 😶 smirk 😏 unamused 😒 roll_eyes 🙄 grimacing 😬 lying_face 🤥 relieved 😌 pensive 😔 " +
            "sleepy 😪 sleeping 😴 mask 😷 face_with_thermometer 🤒 nauseated_face 🤢 vomiting_face 🤮 sneezing_face 🤧 " +
            "hot_face 🥵 cold_face 🥶 dizzy_face 😵 exploding_head 🤯 cowboy_hat_face 🤠 partying_face 🥳 sunglasses 😎 " +
            "nerd_face 🤓 monocle_face 🧐 confused 😕 worried 😟 slightly_frowning_face 🙁 open_mouth 😮 hushed 😯 " +
            "astonished 😲 flushed 😳 pleading_face 🥺 fearful 😨 cold_sweat 😰 cry 😢 sob 😭 scream 😱 disappointed 😞 " +
            "sweat 😓 weary 😩 tired_face 😫 yawning_face 🥱 triumph 😤 rage 😡 angry 😠 smiling_imp 😈 skull 💀 poop 💩 " +
            "clown_face 🤡 ghost 👻 alien 👽 robot 🤖 see_no_evil 🙈 hear_no_evil 🙉 speak_no_evil 🙊 melting_face 🫠 " +
            "saluting_face 🫡"),
        Group("people",
            "+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 wave 👋 raised_hand ✋ vulcan_salute 🖖 ok_hand 👌 pinched_fingers 🤌 " +
            "pinching_hand 🤏 v ✌️ crossed_fingers 🤞 love_you_gesture 🤟 metal 🤘 call_me_hand 🤙 point_left 👈 " +
            "point_right 👉 point_up_2 👆 point_down 👇 point_up ☝️ fist ✊ facepunch 👊 fist_left 🤛 fist_right 🤜 clap 👏 " +
            "raised_hands 🙌 open_hands 👐 handshake 🤝 pray 🙏 writing_hand ✍️ nail_care 💅 muscle 💪 brain 🧠 eyes 👀 " +
            "eye 👁️ tongue 👅 lips 👄 baby 👶 child 🧒 man 👨 woman 👩 person_shrugging 🤷 shrug 🤷 facepalm 🤦 bow 🙇 " +
            "raising_hand 🙋 no_good 🙅 ok_person 🙆 runner 🏃 walking 🚶 dancer 💃 man_dancing 🕺 detective 🕵️ " +
            "technologist 🧑‍💻 astronaut 🧑‍🚀 firefighter 🧑‍🚒 superhero 🦸 mage 🧙 ninja 🥷 santa 🎅 bust_in_silhouette 👤 " +
            "busts_in_silhouette 👥 speaking_head 🗣️ footprints 👣"),
        Group("nature",
            "dog 🐶 cat 🐱 mouse 🐭 hamster 🐹 rabbit 🐰 fox_face 🦊 bear 🐻 panda_face 🐼 koala 🐨 tiger 🐯 lion 🦁 cow 🐮 pig 🐷 " +
            "frog 🐸 monkey_face 🐵 chicken 🐔 penguin 🐧 bird 🐦 duck 🦆 eagle 🦅 owl 🦉 wolf 🐺 horse 🐴 unicorn 🦄 bee 🐝 " +
            "bug 🐛 butterfly 🦋 snail 🐌 ant 🐜 spider 🕷️ turtle 🐢 snake 🐍 t-rex 🦖 octopus 🐙 shrimp 🦐 crab 🦀 fish 🐟 " +
            "dolphin 🐬 whale 🐳 shark 🦈 elephant 🐘 sloth 🦥 hedgehog 🦔 dragon 🐉 cactus 🌵 christmas_tree 🎄 " +
            "evergreen_tree 🌲 palm_tree 🌴 seedling 🌱 herb 🌿 four_leaf_clover 🍀 maple_leaf 🍁 mushroom 🍄 tulip 🌷 rose 🌹 " +
            "sunflower 🌻 blossom 🌼 cherry_blossom 🌸 bouquet 💐 sunny ☀️ partly_sunny ⛅ cloud ☁️ rain_cloud 🌧️ zap ⚡ " +
            "snowflake ❄️ snowman ⛄ fire 🔥 droplet 💧 ocean 🌊 rainbow 🌈 star ⭐ star2 🌟 sparkles ✨ dizzy 💫 " +
            "crescent_moon 🌙 full_moon 🌕 earth_africa 🌍 earth_americas 🌎 earth_asia 🌏"),
        Group("food",
            "apple 🍎 pear 🍐 tangerine 🍊 lemon 🍋 banana 🍌 watermelon 🍉 grapes 🍇 strawberry 🍓 blueberries 🫐 cherries 🍒 " +
            "peach 🍑 mango 🥭 pineapple 🍍 coconut 🥥 kiwi_fruit 🥝 tomato 🍅 eggplant 🍆 avocado 🥑 broccoli 🥦 cucumber 🥒 " +
            "hot_pepper 🌶️ corn 🌽 carrot 🥕 garlic 🧄 onion 🧅 potato 🥔 bread 🍞 croissant 🥐 pretzel 🥨 cheese 🧀 egg 🥚 " +
            "pancakes 🥞 waffle 🧇 bacon 🥓 hamburger 🍔 fries 🍟 pizza 🍕 hotdog 🌭 sandwich 🥪 taco 🌮 burrito 🌯 salad 🥗 " +
            "spaghetti 🍝 ramen 🍜 curry 🍛 sushi 🍣 rice 🍚 icecream 🍦 doughnut 🍩 cookie 🍪 birthday 🎂 cake 🍰 cupcake 🧁 " +
            "pie 🥧 chocolate_bar 🍫 candy 🍬 honey_pot 🍯 popcorn 🍿 coffee ☕ tea 🍵 beer 🍺 beers 🍻 wine_glass 🍷 " +
            "cocktail 🍸 champagne 🍾 clinking_glasses 🥂 tumbler_glass 🥃 mate 🧉"),
        Group("activities",
            "soccer ⚽ basketball 🏀 football 🏈 baseball ⚾ tennis 🎾 volleyball 🏐 rugby_football 🏉 8ball 🎱 ping_pong 🏓 " +
            "badminton 🏸 goal_net 🥅 golf ⛳ bow_and_arrow 🏹 fishing_pole 🎣 boxing_glove 🥊 ski 🎿 medal_sports 🏅 " +
            "1st_place_medal 🥇 2nd_place_medal 🥈 3rd_place_medal 🥉 trophy 🏆 ticket 🎫 art 🎨 microphone 🎤 headphones 🎧 " +
            "musical_note 🎵 guitar 🎸 drum 🥁 clapper 🎬 video_game 🎮 game_die 🎲 jigsaw 🧩 dart 🎯 bowling 🎳 tada 🎉 " +
            "confetti_ball 🎊 balloon 🎈 gift 🎁 ribbon 🎀 jack_o_lantern 🎃 fireworks 🎆 sparkler 🎇"),
        Group("travel",
            "car 🚗 taxi 🚕 bus 🚌 ambulance 🚑 fire_engine 🚒 truck 🚚 tractor 🚜 bike 🚲 motorcycle 🏍️ train 🚆 metro 🚇 " +
            "tram 🚊 airplane ✈️ rocket 🚀 flying_saucer 🛸 helicopter 🚁 boat ⛵ ship 🚢 anchor ⚓ construction 🚧 " +
            "vertical_traffic_light 🚦 world_map 🗺️ mountain ⛰️ camping 🏕️ beach_umbrella 🏖️ desert_island 🏝️ house 🏠 " +
            "office 🏢 hospital 🏥 bank 🏦 hotel 🏨 school 🏫 factory 🏭 tent ⛺ city_sunset 🌆 bridge_at_night 🌉"),
        Group("objects",
            "watch ⌚ iphone 📱 computer 💻 keyboard ⌨️ desktop_computer 🖥️ printer 🖨️ floppy_disk 💾 cd 💿 camera 📷 " +
            "movie_camera 🎥 tv 📺 radio 📻 telephone ☎️ alarm_clock ⏰ hourglass ⌛ stopwatch ⏱️ battery 🔋 " +
            "electric_plug 🔌 bulb 💡 flashlight 🔦 candle 🕯️ moneybag 💰 credit_card 💳 gem 💎 wrench 🔧 hammer 🔨 " +
            "hammer_and_wrench 🛠️ gear ⚙️ toolbox 🧰 magnet 🧲 test_tube 🧪 microscope 🔬 telescope 🔭 satellite 📡 " +
            "syringe 💉 pill 💊 door 🚪 bed 🛏️ toilet 🚽 shower 🚿 broom 🧹 soap 🧼 key 🔑 lock 🔒 unlock 🔓 bell 🔔 no_bell 🔕 " +
            "mega 📣 email 📧 envelope ✉️ package 📦 mailbox 📫 pencil 📝 memo 📝 pencil2 ✏️ pen 🖊️ books 📚 book 📖 " +
            "bookmark 🔖 newspaper 📰 clipboard 📋 calendar 📅 date 📅 chart_with_upwards_trend 📈 " +
            "chart_with_downwards_trend 📉 bar_chart 📊 pushpin 📌 round_pushpin 📍 paperclip 📎 straight_ruler 📏 " +
            "scissors ✂️ file_folder 📁 wastebasket 🗑️ mag 🔍 link 🔗 shield 🛡️ crystal_ball 🔮 teddy_bear 🧸 thread 🧵"),
        Group("symbols",
            "heart ❤️ orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜 black_heart 🖤 " +
            "white_heart 🤍 broken_heart 💔 two_hearts 💕 sparkling_heart 💖 100 💯 anger 💢 boom 💥 collision 💥 " +
            "sweat_drops 💦 dash 💨 speech_balloon 💬 thought_balloon 💭 zzz 💤 white_check_mark ✅ heavy_check_mark ✔️ " +
            "ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎ o ⭕ question ❓ exclamation ❗ bangbang ‼️ " +
            "interrobang ⁉️ warning ⚠️ no_entry ⛔ no_entry_sign 🚫 stop_sign 🛑 recycle ♻️ infinity ♾️ " +
            "heavy_plus_sign ➕ heavy_minus_sign ➖ arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ " +
            "arrows_counterclockwise 🔄 back 🔙 soon 🔜 top 🔝 new 🆕 free 🆓 ok 🆗 cool 🆒 sos 🆘 red_circle 🔴 " +
            "orange_circle 🟠 yellow_circle 🟡 green_circle 🟢 large_blue_circle 🔵 white_circle ⚪ black_circle ⚫ " +
            "triangular_flag_on_post 🚩 checkered_flag 🏁 white_flag 🏳️ rainbow_flag 🏳️‍🌈 copyright ©️ registered ®️ " +
            "tm ™️ information_source ℹ️ hash #️⃣"),
    ];

    // In this file, because static fields are initialised in the order of one file's text.
    private static readonly FrozenDictionary<string, string> ByName =
        All.SelectMany(g => g.Emoji).ToFrozenDictionary(e => e.Name, e => e.Emoji, StringComparer.Ordinal);

    private static EmojiGroup Group(string name, string pairs) =>
        new(name, [.. pairs.Split(' ').Chunk(2).Select(p => new EmojiName(p[0], p[1]))]);
}
