package isams_test

import (
	"errors"
	"strings"
	"testing"

	"misimportd/mis/isams"
)

func TestWhatIsNoDocumentIsRefused(t *testing.T) {
	deep := strings.Repeat("<a>", 100)
	for name, c := range map[string]struct{ document, want string }{
		"empty": {"", "not an iSAMS document but an empty file; fetch the document again"},
		"blank": {" \n ", "not an iSAMS document but a file without any element; fetch the document again"},
		"text": {"Service unavailable",
			"not an iSAMS document but text that is not XML (line 1); fetch the document again"},
		"JSON": {`{"error": 1}`, "not an iSAMS document but text that is not XML (line 1); fetch the " +
			"document again"},
		"gzip": {"\x1f\x8b\x08\x00abc", "not an iSAMS document but a compressed file; unpack it first"},
		"HTML": {"<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>Log in</title></head><body>" +
			"<br></body></html>", `not an iSAMS document but an HTML page titled "Log in" (line 2); fetch the ` +
			`document again; is somebody to log in, or is iSAMS down for maintenance?`},
		"careless HTML": {"<!doctype html><html lang=en><title>Maintenance</title>",
			`not an iSAMS document but an HTML page titled "Maintenance" (line 1); fetch the document again; is ` +
				`somebody to log in, or is iSAMS down for maintenance?`},
		"XHTML": {"<html><head><title>Log in</title></head></html>",
			`not an iSAMS document but an HTML page titled "Log in" (line 1); fetch the document again; is somebody ` +
				`to log in, or is iSAMS down for maintenance?`},
		"another root": {"<Schools/>", "not an iSAMS document but XML with the root <Schools> (line 1); its " +
			"root has to be <iSAMS>"},
		"error message": {message, "not an iSAMS document but an error from iSAMS: InvalidApiKey: The API key " +
			"is invalid; check the API key"},
		"cut off in tag": {school(ann)[:50], "not an iSAMS document but the beginning of one, cut off inside " +
			"<iSAMS> (line 1): the end is missing; fetch it again"},
		"cut off in record": {pupils(ann)[:115],
			"not an iSAMS document but the beginning of one, cut off inside <Fullname> (line 1): the end is missing;" +
				" fetch it again"},
		"cut off between": {"<iSAMS>\n<PupilManager>",
			"not an iSAMS document but the beginning of one, cut off inside <PupilManager> (line 2): the end is " +
				"missing; fetch it again"},
		"cut off at once": {"<?xml version=\"1.0\"",
			"not an iSAMS document but the beginning of one, cut off before its first element (line 1): the end is " +
				"missing; fetch it again"},
		"tags that cross": {"<iSAMS><a></iSAMS></a>",
			"not an iSAMS document but something that is not well-formed XML (line 1): </iSAMS> closes what is not " +
				"open; fetch it again"},
		"not well-formed": {"<iSAMS>\n<a b=c/></iSAMS>",
			"not an iSAMS document but something that is not well-formed XML (line 2): unquoted or missing " +
				"attribute value in element; fetch it again"},
		"two documents": {"<iSAMS></iSAMS><iSAMS/>",
			"not an iSAMS document but one with a second document after its end (line 1); fetch it again"},
		"text at the end": {"<iSAMS></iSAMS>bye",
			"not an iSAMS document but one with text after its end (line 1); fetch it again"},
		"nested": {"<iSAMS>" + deep, "not an iSAMS document but something with elements nested more than " +
			"64 deep (line 1)"},
		"nested in record": {"<iSAMS><PupilManager><CurrentPupils><Pupil>" + deep,
			"not an iSAMS document but something with elements nested more than 64 deep (line 1)"},
		"giant text": {"<iSAMS>" + strings.Repeat("x", 2<<20) + "</iSAMS>",
			"not an iSAMS document but something with a single text or tag of more than 1048576 bytes (line 1)"},
		"giant tag": {"<iSAMS " + strings.Repeat(`a="1" `, 1<<18) + "/>",
			"not an iSAMS document but something with a single text or tag of more than 1048576 bytes (line 1)"},
		"nothing in it": {"<iSAMS/>", "not an iSAMS document but one without a single record of what is imported; " +
			"check what the API key is allowed, and export again"},
		"empty sections": {pupils(""), "not an iSAMS document but one without a single record of what is imported; " +
			"check what the API key is allowed, and export again"},
		"entities": {"<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n<iSAMS>&b;</iSAMS>",
			"not an iSAMS document but something that is not well-formed XML (line 2): an & that begins nothing XML " +
				"knows; it should be &amp;; fetch it again"},
		"not UTF-8": {"<iSAMS>\xff\xfe</iSAMS>",
			"not an iSAMS document but something that is not well-formed XML (line 1): invalid UTF-8; fetch it again"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := isams.Decode(strings.NewReader(c.document))
			if err == nil {
				t.Fatalf("was accepted: %+v", s)
			}
			if err.Error() != c.want {
				t.Errorf("got:  %v\nwant: %s", err, c.want)
			}
		})
	}
}

func TestEveryMessageSaysWhatToDo(t *testing.T) {
	for id, want := range map[string]string{
		"InvalidApiKey": "check the API key", "MethodsNotAllocatedToKeyException": "allocate these methods",
		"FiltersRequiredException": "give the method its filter", "UnhandledException": "fetch the document again",
	} {
		_, err := isams.Decode(strings.NewReader(strings.ReplaceAll(message, "InvalidApiKey", id)))
		var said *isams.MessageError
		if !errors.As(err, &said) || said.ID != id || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", id, err)
		}
	}
}
