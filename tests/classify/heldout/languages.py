"""Sentences around a value, in the languages of those who write them, and records of programs."""

RECORDS_NEAR = (
    '{"customer": 4711, "<key>": "<value>", "active": true}',
    'contract:\n  <key>: "<value>"\n  since: 2021-04-01',
    "id,<key>,status\n17,<value>,open",
    "2024-03-11 08:22:41 INFO  [worker-3] record changed <key>=<value> rows=1",
    'record["<key>"] = "<value>"  # as in the form',
)
RECORDS_ALONE = (
    "17;<value>;active",
    '["<value>", null, 3]',
    "WARN rejected input: <value> (line 12)",
)
PROSE_NEAR: dict[str, tuple[str, ...]] = {
    "en": (
        "Hi, my <word> is <value>, could you update the contract please?",
        "<word>: <value>",
        "Customer called again (<word> <value>) and wants an answer before Friday.",
        "I think the <word> on the form, <value>, has a typo in it",
    ),
    "de": (
        "Guten Tag, hier noch wie gewünscht: <word> <value>. Viele Grüße",
        "<word>: <value>",
        "Der Kunde (<word> <value>) wartet seit Montag auf eine Antwort.",
        "Auf dem Antrag steht als <word> jetzt <value>, stimmt das?",
    ),
    "fr": (
        "Bonjour, voici comme convenu : <word> <value>. Cordialement",
        "<word> : <value>",
        "Le client (<word> <value>) attend une réponse depuis lundi.",
        "Sur le dossier il y a <word> <value>, vous pouvez vérifier ?",
    ),
    "es": (
        "Hola, le envío lo que me pidió: <word> <value>. Un saludo",
        "<word>: <value>",
        "El cliente (<word> <value>) espera respuesta desde el lunes.",
        "En el formulario pone <word> <value>, ¿lo puedes comprobar?",
    ),
    "it": (
        "Buongiorno, come richiesto: <word> <value>. Cordiali saluti",
        "<word>: <value>",
        "Il cliente (<word> <value>) aspetta una risposta da lunedì.",
        "Sul modulo c'è scritto <word> <value>, puoi controllare?",
    ),
    "pt": (
        "Bom dia, segue o que pediram: <word> <value>. Obrigado",
        "<word>: <value>",
        "O cliente (<word> <value>) espera uma resposta desde segunda.",
        "No contrato está <word> <value>, podes confirmar?",
    ),
    "nl": (
        "Hallo, zoals gevraagd: <word> <value>. Groeten",
        "<word>: <value>",
        "De klant (<word> <value>) wacht al sinds maandag op antwoord.",
        "Op het formulier staat <word> <value>, klopt dat?",
    ),
    "pl": (
        "Dzień dobry, przesyłam dane: <word> <value>. Pozdrawiam",
        "<word>: <value>",
        "Klient (<word> <value>) czeka na odpowiedź od poniedziałku.",
        "We wniosku jest <word> <value>, czy to się zgadza?",
    ),
    "sv": (
        "Hej, här kommer uppgiften: <word> <value>. Hälsningar",
        "<word>: <value>",
        "Kunden (<word> <value>) har väntat på svar sedan i måndags.",
        "I ansökan står <word> <value>, stämmer det?",
    ),
    "da": (
        "Hej, her er oplysningerne: <word> <value>. Venlig hilsen",
        "<word>: <value>",
        "Kunden (<word> <value>) har ventet på svar siden mandag.",
    ),
    "nb": (
        "Hei, her er opplysningene: <word> <value>. Hilsen",
        "<word>: <value>",
        "Kunden (<word> <value>) har ventet på svar siden mandag.",
    ),
    "fi": (
        "Hei, tässä pyydetty tieto: <word> <value>. Terveisin",
        "<word>: <value>",
        "Asiakas (<word> <value>) odottaa vastausta maanantaista asti.",
    ),
    "cs": (
        "Dobrý den, posílám údaje: <word> <value>. Děkuji",
        "<word>: <value>",
        "Klient (<word> <value>) čeká na odpověď od pondělí.",
    ),
    "sk": (
        "Dobrý deň, posielam údaje: <word> <value>. Ďakujem",
        "<word>: <value>",
        "Klient (<word> <value>) čaká na odpoveď od pondelka.",
    ),
    "sl": (
        "Pozdravljeni, pošiljam podatke: <word> <value>. Hvala",
        "<word>: <value>",
        "Stranka (<word> <value>) čaka na odgovor od ponedeljka.",
    ),
    "et": (
        "Tere, saadan andmed: <word> <value>. Tänan",
        "<word>: <value>",
        "Klient (<word> <value>) ootab vastust esmaspäevast.",
    ),
    "lt": (
        "Laba diena, siunčiu duomenis: <word> <value>. Ačiū",
        "<word>: <value>",
        "Klientas (<word> <value>) laukia atsakymo nuo pirmadienio.",
    ),
    "is": (
        "Góðan daginn, hér eru upplýsingarnar: <word> <value>. Takk",
        "<word>: <value>",
        "Viðskiptavinurinn (<word> <value>) bíður eftir svari.",
    ),
    "ro": (
        "Bună ziua, vă trimit datele: <word> <value>. Mulțumesc",
        "<word>: <value>",
        "Clientul (<word> <value>) așteaptă un răspuns de luni.",
    ),
    "bg": (
        "Здравейте, изпращам данните: <word> <value>. Благодаря",
        "<word>: <value>",
        "Клиентът (<word> <value>) чака отговор от понеделник.",
    ),
    "hr": (
        "Dobar dan, šaljem podatke: <word> <value>. Hvala",
        "<word>: <value>",
        "Klijent (<word> <value>) čeka odgovor od ponedjeljka.",
    ),
    "el": (
        "Καλημέρα, στέλνω τα στοιχεία: <word> <value>. Ευχαριστώ",
        "<word>: <value>",
        "Ο πελάτης (<word> <value>) περιμένει απάντηση από τη Δευτέρα.",
    ),
    "ru": (
        "Добрый день, высылаю данные: <word> <value>. Спасибо",
        "<word>: <value>",
        "Клиент (<word> <value>) ждёт ответа с понедельника.",
    ),
    "tr": (
        "Merhaba, istediğiniz bilgi: <word> <value>. Teşekkürler",
        "<word>: <value>",
        "Müşteri (<word> <value>) pazartesiden beri yanıt bekliyor.",
    ),
    "he": (
        "שלום, הנה הפרטים: <word> <value>. תודה",
        "<word>: <value>",
        "הלקוח (<word> <value>) מחכה לתשובה מיום שני.",
    ),
    "id": (
        "Selamat pagi, berikut datanya: <word> <value>. Terima kasih",
        "<word>: <value>",
        "Pelanggan (<word> <value>) menunggu jawaban sejak Senin.",
    ),
    "ms": (
        "Salam, ini maklumatnya: <word> <value>. Terima kasih",
        "<word>: <value>",
        "Pelanggan (<word> <value>) menunggu jawapan sejak Isnin.",
    ),
    "zh": (
        "您好，我的<word>是<value>，请帮忙核对一下。",
        "<word>：<value>",
        "客户（<word>：<value>）周一就在等回复了。",
    ),
    "ja": (
        "お世話になっております。<word>は<value>です。ご確認ください。",
        "<word>：<value>",
        "お客様（<word> <value>）が月曜日から返事をお待ちです。",
    ),
    "ko": (
        "안녕하세요, 제 <word>는 <value>입니다. 확인 부탁드립니다.",
        "<word>: <value>",
        "고객(<word> <value>)이 월요일부터 답변을 기다립니다.",
    ),
    "th": (
        "สวัสดีค่ะ <word> <value> รบกวนตรวจสอบด้วยค่ะ",
        "<word>: <value>",
        "ลูกค้า (<word> <value>) รอคำตอบตั้งแต่วันจันทร์",
    ),
    "hi": (
        "नमस्ते, मेरा <word> <value> है, कृपया जाँच लें।",
        "<word>: <value>",
        "ग्राहक (<word> <value>) सोमवार से जवाब का इंतज़ार कर रहे हैं।",
    ),
}
PROSE_ALONE: dict[str, tuple[str, ...]] = {
    "en": ("please use <value> instead, the other one was a typo", "As discussed: <value>. Thanks!"),
    "de": ("bitte <value> nehmen, das andere war ein Tippfehler", "Wie besprochen: <value>. Danke!"),
    "fr": ("prenez plutôt <value>, l'autre était une faute de frappe", "Comme convenu : <value>. Merci !"),
    "es": ("mejor usa <value>, lo otro era una errata", "Como hablamos: <value>. ¡Gracias!"),
    "it": ("usate <value>, l'altro era un errore", "Come d'accordo: <value>. Grazie!"),
    "pt": ("usa antes <value>, o outro era engano", "Como combinado: <value>. Obrigado!"),
    "nl": ("neem liever <value>, het andere was een tikfout", "Zoals besproken: <value>. Bedankt!"),
    "pl": ("proszę użyć <value>, tamto to literówka", "Zgodnie z rozmową: <value>. Dziękuję!"),
    "sv": ("ta <value> i stället, det andra var felskrivet", "Som vi sa: <value>. Tack!"),
    "da": ("brug <value> i stedet, det andet var en slåfejl",),
    "nb": ("bruk <value> i stedet, det andre var en skrivefeil",),
    "fi": ("käytä mieluummin <value>, toisessa oli virhe",),
    "cs": ("použijte prosím <value>, to druhé byl překlep",),
    "sk": ("použite prosím <value>, to druhé bol preklep",),
    "is": ("notið frekar <value>, hitt var innsláttarvilla",),
    "hr": ("molim uzmite <value>, ono drugo je bila greška",),
    "ru": ("возьмите лучше <value>, там была опечатка",),
    "ms": ("sila guna <value>, yang tadi silap taip",),
    "zh": ("请改用 <value>，刚才那个写错了。",),
    "ja": ("正しくは <value> です。先ほどのは誤記でした。",),
    "ko": ("<value> 로 바꿔 주세요, 아까는 오타였어요.",),
    "th": ("ใช้ <value> แทนนะคะ อันก่อนพิมพ์ผิด",),
}
