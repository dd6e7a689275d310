"""Identity, tax and health numbers of Asia, Africa and Oceania."""

import string

from stdnum import luhn
from stdnum.kr import rrn

from tests.classify.heldout import check_digits
from tests.classify.heldout.drawing import born, checked, grouped, joined, masked, some, until, valid
from tests.classify.heldout.kind import Kind, alone, by_context, near, told_alone

_CN = valid(
    "cn.ric",
    joined(masked("110101", "310104", "440305", "510107"), born("%Y%m%d"), masked("###"), some(string.digits + "X", 1)),
)
_HK = checked(masked("A######", "K######", "Y######", "Z######"), check_digits.hong_kong)
_AE = checked(joined("784", born("%Y"), masked("#######")), luhn.calc_check_digit)
_AADHAAR = valid("in_.aadhaar", masked("2###########", "5###########", "9###########"))
_PAN = valid("in_.pan", masked("???P?####?"))
_KR = checked(joined(born("%y%m%d"), masked("1#####", "2#####")), rrn.calc_check_digit)
_MY = valid("my.nric", joined(born("%y%m%d"), masked("01####", "10####", "14####")))
_PK = valid("pk.cnic", masked("3############", "4############"))
_TH = valid("th.pin", masked("1############", "3############"))
_ZA = valid("za.idnr", joined(born("%y%m%d"), masked("####08#")))
_TFN = valid("au.tfn", masked("#########"))
_MEDICARE = joined(
    checked(masked("2#######", "4#######", "6#######"), check_digits.australian_medicare), masked("1", "2", "3")
)
_IRD = valid("nz.ird", masked("0########", "1########"))

KINDS = (
    told_alone("CN_RIC", "zh", ("身份证号", "身份证号码"), ("身份证号", "id_card"), _CN, _CN),
    told_alone(
        "HK_IDENTITY_CARD",
        "zh",
        ("香港身份證號碼", "HKID"),
        ("hkid", "hkid_number"),
        grouped(_HK, "#######(#)"),
        grouped(_HK, "#######(#)"),
    ),
    by_context(
        "TW_NATIONAL_ID",
        "zh",
        ("身分證字號", "國民身分證統一編號"),
        ("national_id", "身分證字號"),
        until(check_digits.taiwanese, masked("A1########", "F2########", "B1########", "H2########")),
    ),
    told_alone(
        "AE_EMIRATES_ID",
        "en",
        ("Emirates ID", "Emirates ID number", "EID"),
        ("emirates_id",),
        grouped(_AE, "###-####-#######-#"),
        grouped(_AE, "###-####-#######-#"),
    ),
    by_context(
        "ID_NIK",
        "id",
        ("NIK", "nomor KTP"),
        ("nik", "no_ktp"),
        valid("id.nik", joined(masked("317401", "327301", "357801"), born("%d%m%y"), masked("000#", "001#"))),
    ),
    by_context(
        "IL_IDNR",
        "he",
        ("ת.ז.", "תעודת זהות", "מספר זהות"),
        ("teudat_zehut", "id_number"),
        valid("il.idnr", masked("0########", "2########", "3########")),
    ),
    told_alone(
        "IN_AADHAAR",
        "en",
        ("Aadhaar", "Aadhaar number", "Aadhaar no."),
        ("aadhaar", "aadhaar_number"),
        grouped(_AADHAAR, "#### #### ####", "############"),
        grouped(_AADHAAR, "#### #### ####"),
    ),
    Kind(
        "IN_PAN",
        _PAN,
        near("en", ("PAN", "PAN card", "PAN number"), ("pan", "pan_number"))
        + near("hi", ("पैन", "पैन नंबर"), ("pan_no",)),
        alone("en"),
        _PAN,
    ),
    by_context(
        "JP_IN",
        "ja",
        ("マイナンバー", "個人番号"),
        ("my_number", "個人番号"),
        grouped(valid("jp.in_", masked("############")), "############", "#### #### ####"),
    ),
    told_alone(
        "KR_RRN",
        "ko",
        ("주민등록번호", "주민번호"),
        ("주민등록번호", "rrn"),
        grouped(_KR, "######-#######"),
        grouped(_KR, "######-#######"),
    ),
    told_alone(
        "MY_NRIC",
        "ms",
        ("No. KP", "nombor kad pengenalan", "MyKad"),
        ("nric", "no_kp"),
        grouped(_MY, "######-##-####", "############"),
        grouped(_MY, "######-##-####"),
    ),
    told_alone(
        "PK_CNIC",
        "en",
        ("CNIC", "CNIC number", "CNIC No."),
        ("cnic",),
        grouped(_PK, "#####-#######-#"),
        grouped(_PK, "#####-#######-#"),
    ),
    by_context(
        "SG_NRIC",
        "en",
        ("NRIC", "NRIC No.", "NRIC number"),
        ("nric",),
        checked(masked("S#######", "T0######"), check_digits.singapore),
    ),
    told_alone(
        "TH_PIN",
        "th",
        ("เลขบัตรประชาชน", "เลขประจำตัวประชาชน"),
        ("เลขบัตรประชาชน", "thai_id"),
        grouped(_TH, "#-####-#####-##-#", "#############"),
        grouped(_TH, "#-####-#####-##-#"),
    ),
    by_context(
        "ZA_IDNR",
        "en",
        ("SA ID number", "ID number", "RSA ID"),
        ("id_number", "sa_id"),
        grouped(_ZA, "#############", "###### #### ###"),
    ),
    by_context(
        "AU_TFN",
        "en",
        ("TFN", "tax file number"),
        ("tfn", "tax_file_number"),
        grouped(_TFN, "### ### ###", "#########"),
    ),
    by_context(
        "AU_MEDICARE",
        "en",
        ("Medicare card", "Medicare number", "Medicare card number"),
        ("medicare_number", "medicare_card"),
        grouped(_MEDICARE, "#### ##### #", "##########"),
    ),
    by_context(
        "NZ_IRD",
        "en",
        ("IRD number", "IRD", "IRD no."),
        ("ird", "ird_number"),
        grouped(_IRD, "###-###-###", "#########"),
    ),
)
