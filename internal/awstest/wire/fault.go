package wire

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Error is an error answer of a service.
type Error struct {
	// Code is the error code as the service names it: "NoSuchBucketPolicy".
	Code    string
	Message string
	// Status is the HTTP status; 0 means what the model says of the code, else 400.
	Status int
	// Fields are further elements of an XML error (S3: Region, Endpoint);
	// Header is added to the answer.
	Fields map[string]string
	Header map[string]string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// EncodeError writes an error in a protocol. head is true for requests that get no body.
func (s *Service) EncodeError(p Protocol, e *Error, head bool, requestID string) *Response {
	res := &Response{Status: e.Status, Header: http.Header{}}
	if res.Status == 0 {
		res.Status = s.Errors[e.Code]
	}
	if res.Status == 0 {
		res.Status = http.StatusBadRequest
	}
	res.Header.Set("x-amzn-RequestId", requestID)
	for k, v := range e.Header {
		res.Header.Set(k, v)
	}
	if s.Protocol == CBOR || s.Name == "sqs" {
		// Both once spoke the query protocol; their clients take the older code from here.
		code := or(s.QueryErrors[e.Code], e.Code)
		sender := "Sender"
		if res.Status >= 500 {
			sender = "Receiver"
		}
		res.Header.Set("x-amzn-query-error", code+";"+sender)
	}
	switch p {
	case Query, EC2, RESTXML:
		res.Header.Set("Content-Type", "text/xml;charset=UTF-8")
		res.Body = s.errorXML(p, e, res.Status, requestID)
	case CBOR:
		res.Header.Set("Content-Type", "application/cbor")
		res.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		b := appendHead(nil, 5, 2)
		b = appendText(appendText(b, "__type"), "com.amazonaws."+s.Name+"#"+e.Code)
		res.Body = appendText(appendText(b, "message"), e.Message)
	default:
		res.Header.Set("X-Amzn-ErrorType", e.Code)
		body := map[string]string{"message": e.Message}
		res.Header.Set("Content-Type", "application/json")
		if p == JSON {
			res.Header.Set("Content-Type", "application/x-amz-json-"+or(s.JSONVersion, "1.1"))
			body["__type"] = "com.amazonaws." + s.Name + "#" + e.Code
		}
		// A map of strings always has a JSON form.
		res.Body, _ = json.Marshal(body)
	}
	if head {
		res.Body = nil
	}
	return res
}

func (s *Service) errorXML(p Protocol, e *Error, status int, requestID string) []byte {
	var b strings.Builder
	element := func(name, content string) {
		b.WriteString("<" + name + ">")
		// Writing to memory cannot fail.
		_ = xml.EscapeText(&b, []byte(content))
		b.WriteString("</" + name + ">")
	}
	b.WriteString(xml.Header)
	switch {
	case p == EC2:
		b.WriteString("<Response><Errors><Error>")
		element("Code", e.Code)
		element("Message", e.Message)
		b.WriteString("</Error></Errors>")
		element("RequestID", requestID)
		b.WriteString("</Response>")
	case s.Name == "s3":
		b.WriteString("<Error>")
		element("Code", e.Code)
		element("Message", e.Message)
		for _, k := range slices.Sorted(maps.Keys(e.Fields)) {
			element(k, e.Fields[k])
		}
		element("RequestId", requestID)
		element("HostId", requestID)
		b.WriteString("</Error>")
	default:
		b.WriteString("<ErrorResponse><Error>")
		kind := "Sender"
		if status >= 500 {
			kind = "Receiver"
		}
		element("Type", kind)
		element("Code", e.Code)
		element("Message", e.Message)
		for _, k := range slices.Sorted(maps.Keys(e.Fields)) {
			element(k, e.Fields[k])
		}
		b.WriteString("</Error>")
		element("RequestId", requestID)
		b.WriteString("</ErrorResponse>")
	}
	return []byte(b.String())
}
